extension DotChart {
  /// The axes, the lines between categories, the intervals, the dots and their values.
  public func drawing() -> Drawing {
    var drawing = Drawing()
    let top = 40.0
    let bottom = size.height - 36
    let values = series.flatMap { $0.values.compactMap { $0 } }
    let extents = values.flatMap { [$0.value] + ($0.interval.map { [$0.lowerBound, $0.upperBound] } ?? []) }
    // Room above for the numbers over the highest dots.
    let y = Scale(over: extents, from: bottom, to: top, padding: 0.12)
    let names = series.map { estimatedWidth($0.name, fontSize: PlotFrame.fontSize) }.max() ?? 0
    let frame = PlotFrame(
      width: size.width, height: size.height, left: PlotFrame.roomForTicks(y),
      right: size.width - max(16, min(names + 16, 240)), top: top, bottom: bottom)
    frame.drawValueAxis(y, name: yLabel, into: &drawing)
    drawing.line(frame.left, bottom, frame.right, bottom, class: "axis")
    for (i, category) in categories.enumerated() {
      drawing.text(category, center(ofCategory: i, frame), bottom + 22, anchor: "middle", class: "category")
    }
    for i in series.indices { drawSeries(i, frame, y, into: &drawing) }
    for category in categories.indices { drawValues(ofCategory: category, frame, y, into: &drawing) }
    drawNames(frame, y, into: &drawing)
    return drawing
  }

  private func center(ofCategory i: Int, _ frame: PlotFrame) -> Double {
    frame.left + (frame.right - frame.left) * (Double(i) + 0.5) / Double(categories.count)
  }

  /// Series stand beside each other within a category: a little, so that intervals do not cover one another, and so far
  /// that their numbers find room where values are close.
  private func position(ofSeries i: Int, category: Int, _ frame: PlotFrame) -> Double {
    center(ofCategory: category, frame) + (Double(i) - Double(series.count - 1) / 2) * pitch(frame)
  }

  private func pitch(_ frame: PlotFrame) -> Double {
    let values = series.flatMap { $0.values.compactMap { $0?.value } }
    guard let low = values.min(), let high = values.max(), series.count > 1 else { return 12 }
    let band = (frame.right - frame.left) / Double(categories.count)
    let areClose = categories.indices.contains { category in
      let levels = series.compactMap { $0.values[category]?.value }.sorted()
      return zip(levels, levels.dropFirst()).contains { $1 - $0 < (high - low) * 0.09 }
    }
    return min(areClose ? 46 : 12, 0.86 * band / Double(series.count))
  }

  private func drawSeries(_ i: Int, _ frame: PlotFrame, _ y: Scale, into drawing: inout Drawing) {
    let color = Palette.seriesClass(i)
    var previous: (x: Double, y: Double)?
    for (category, value) in series[i].values.enumerated() {
      guard let value, let level = y.position(value.value) else {
        previous = nil
        continue
      }
      let x = position(ofSeries: i, category: category, frame)
      if let previous { drawing.line(previous.x, previous.y, x, level, class: "join \(color)") }
      previous = (x, level)
      if let interval = value.interval, let low = y.position(interval.lowerBound),
        let high = y.position(interval.upperBound)
      {
        drawing.add(
          "path",
          [
            ("d", "M\(coordinate(x - 4)) \(coordinate(low))h8m-4 0V\(coordinate(high))m-4 0h8"),
            ("class", "interval \(color)"),
          ])
      }
    }
    for (category, value) in series[i].values.enumerated() {
      guard let value, let level = y.position(value.value) else { continue }
      let x = position(ofSeries: i, category: category, frame)
      drawing.add("path", [("d", Palette.mark(i, x: x, y: level, radius: 5)), ("class", "mark \(color)")])
    }
  }

  /// The numbers stand over the dots, moved apart where dots are close.
  private func drawValues(ofCategory category: Int, _ frame: PlotFrame, _ y: Scale, into drawing: inout Drawing) {
    var labels: [(series: Int, y: Double)] = []
    for (i, series) in series.enumerated() {
      guard let value = series.values[category], let top = y.position(value.interval?.upperBound ?? value.value) else {
        continue
      }
      labels.append((i, top - 11))
    }
    let places = spreadLabels(labels.map(\.y), gap: pitch(frame) >= 38 ? 0 : 15, within: (frame.top - 8)...frame.bottom)
    for (label, place) in zip(labels, places) {
      let text = decimalText(series[label.series].values[category]!.value, decimals: decimals)
      drawing.text(
        text, position(ofSeries: label.series, category: category, frame), place, anchor: "middle",
        class: "value \(Palette.seriesClass(label.series))")
    }
  }

  private func drawNames(_ frame: PlotFrame, _ y: Scale, into drawing: inout Drawing) {
    var labels: [(series: Int, y: Double)] = []
    for (i, series) in series.enumerated() {
      guard let last = series.values.last(where: { $0 != nil }), let level = last.flatMap({ y.position($0.value) })
      else {
        continue
      }
      labels.append((i, level))
    }
    let places = spreadLabels(labels.map(\.y), gap: PlotFrame.lineHeight, within: frame.top...frame.bottom)
    for (label, place) in zip(labels, places) {
      drawing.text(
        series[label.series].name, frame.right + 9, place + 4.5, class: "label \(Palette.seriesClass(label.series))")
    }
  }
}
