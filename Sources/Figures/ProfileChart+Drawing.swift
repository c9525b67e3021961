extension ProfileChart {
  /// The places pointed out, the axes, bands of the intervals, the curves and their names.
  public func drawing() -> Drawing {
    var drawing = Drawing()
    let top = 46.0
    let bottom = size.height - 54
    let range = shownRange
    let y = Scale(over: [range.lowerBound, range.upperBound], from: bottom, to: top, padding: 0.04)
    let names = series.map { estimatedWidth($0.name, fontSize: PlotFrame.fontSize) }.max() ?? 0
    let frame = PlotFrame(
      width: size.width, height: size.height, left: max(PlotFrame.roomForTicks(y), 28),
      right: size.width - max(20, min(names + 24, 240)), top: top, bottom: bottom)
    guard series.contains(where: { $0.values.contains { $0?.isFinite ?? false } }) else {
      drawing.text("no values", size.width / 2, (top + bottom) / 2, anchor: "middle", class: "muted")
      return drawing
    }
    drawHighlights(frame, into: &drawing)
    frame.drawValueAxis(y, name: yLabel, into: &drawing)
    if range.contains(0), let zero = y.position(0) {
      drawing.line(frame.left, zero, frame.right, zero, class: "reference")
    }
    drawPlaces(frame, into: &drawing)
    for i in series.indices { drawBand(i, frame, y, range, into: &drawing) }
    for i in series.indices { drawCurve(i, frame, y, range, into: &drawing) }
    drawNames(frame, y, range, into: &drawing)
    drawLegend(frame, into: &drawing)
    return drawing
  }

  private func pitch(_ frame: PlotFrame) -> Double { (frame.right - frame.left) / Double(placeCount) }

  private func center(_ place: Int, _ frame: PlotFrame) -> Double {
    frame.left + pitch(frame) * (Double(place) + 0.5)
  }

  private func level(_ value: Double, _ y: Scale, _ range: ClosedRange<Double>) -> Double? {
    guard value.isFinite else { return nil }
    return y.position(min(max(value, range.lowerBound), range.upperBound))
  }

  private func drawHighlights(_ frame: PlotFrame, into drawing: inout Drawing) {
    for place in highlighted.places {
      drawing.add(
        "rect",
        [
          ("x", coordinate(center(place, frame) - pitch(frame) / 2)), ("y", coordinate(frame.top)),
          ("width", coordinate(pitch(frame))), ("height", coordinate(frame.bottom - frame.top)),
          ("class", "highlight"),
        ])
    }
  }

  private func drawPlaces(_ frame: PlotFrame, into drawing: inout Drawing) {
    drawing.line(frame.left, frame.bottom, frame.right, frame.bottom, class: "axis")
    let widest = estimatedWidth(String(placeCount - 1), fontSize: PlotFrame.fontSize) + 8
    let step = [1, 2, 5, 10, 20, 50, 100].first { Double($0) * pitch(frame) >= widest } ?? 200
    for place in stride(from: 0, to: placeCount, by: step) {
      drawing.text(String(place), center(place, frame), frame.bottom + 19, anchor: "middle", class: "tick")
    }
    drawing.text(xLabel, (frame.left + frame.right) / 2, frame.bottom + 40, anchor: "middle", class: "axis-name")
  }

  /// Neighbouring intervals joined to a band; a place without neighbours has a bar.
  private func drawBand(
    _ i: Int, _ frame: PlotFrame, _ y: Scale, _ range: ClosedRange<Double>, into drawing: inout Drawing
  ) {
    var run: [(x: Double, low: Double, high: Double)] = []
    func finish() {
      defer { run = [] }
      guard run.count > 1 else { return }
      let there = run.map { "\(coordinate($0.x)) \(coordinate($0.high))" }
      let back = run.reversed().map { "\(coordinate($0.x)) \(coordinate($0.low))" }
      drawing.add(
        "path",
        [("d", "M" + (there + back).joined(separator: "L") + "Z"), ("class", "band \(Palette.seriesClass(i))")])
    }
    for place in 0..<placeCount {
      guard let interval = series[i].intervals[place], let low = level(interval.lowerBound, y, range),
        let high = level(interval.upperBound, y, range)
      else {
        finish()
        continue
      }
      let x = center(place, frame)
      run.append((x, low, high))
      drawing.line(x, low, x, high, class: "interval \(Palette.seriesClass(i))")
    }
    finish()
  }

  private func drawCurve(
    _ i: Int, _ frame: PlotFrame, _ y: Scale, _ range: ClosedRange<Double>, into drawing: inout Drawing
  ) {
    let color = Palette.seriesClass(i)
    var (path, pen) = ("", "M")
    for place in 0..<placeCount {
      guard let value = series[i].values[place], let level = level(value, y, range) else {
        pen = "M"
        continue
      }
      path += "\(pen)\(coordinate(center(place, frame))) \(coordinate(level))"
      pen = "L"
    }
    let dash = Palette.dash(i).map { [("stroke-dasharray", $0)] } ?? []
    drawing.add("path", [("d", path), ("class", "curve \(color)")] + dash)
    let radius = min(3.8, pitch(frame) * 0.3)
    for place in 0..<placeCount {
      guard let value = series[i].values[place], let level = level(value, y, range) else { continue }
      let mark = Palette.mark(i, x: center(place, frame), y: level, radius: radius)
      drawing.add("path", [("d", mark), ("class", "mark \(series[i].filled[place] ? "" : "empty ")\(color)")])
    }
  }

  /// Names at the ends of the curves, and numbers of values beyond the edges.
  private func drawNames(
    _ frame: PlotFrame, _ y: Scale, _ range: ClosedRange<Double>, into drawing: inout Drawing
  ) {
    var labels: [(name: String, y: Double, class: String)] = []
    for (i, series) in series.enumerated() {
      if let last = series.values.last(where: { $0?.isFinite ?? false }), let last, let level = level(last, y, range) {
        labels.append((series.name, level, Palette.seriesClass(i)))
      }
    }
    let places = spreadLabels(labels.map(\.y), gap: PlotFrame.lineHeight, within: frame.top...frame.bottom)
    for (label, place) in zip(labels, places) {
      drawing.text(label.name, frame.right + 8, place + 4.5, class: "label \(label.class)")
    }
    for place in 0..<placeCount {
      let beyond = series.indices.filter { series[$0].values[place].map { !range.contains($0) } ?? false }
      for (row, i) in beyond.enumerated() {
        let value = series[i].values[place]!
        let isAbove = value > range.upperBound
        let isNearEnd = place > placeCount / 2
        drawing.text(
          (isAbove ? "↑ " : "↓ ") + readableText(value, digits: 3), center(place, frame) + (isNearEnd ? -8 : 8),
          (isAbove ? frame.top + 5 : frame.bottom - 6) + (isAbove ? 1 : -1) * Double(row) * 15,
          anchor: isNearEnd ? "end" : "start", class: "value \(Palette.seriesClass(i))")
      }
    }
  }

  private func drawLegend(_ frame: PlotFrame, into drawing: inout Drawing) {
    var entries: [(name: String, draw: (Double, inout Drawing) -> Void)] = []
    if !highlighted.places.isEmpty {
      entries.append(
        (
          highlighted.name,
          { x, drawing in
            drawing.add(
              "rect",
              [("x", coordinate(x)), ("y", "3"), ("width", "14"), ("height", "14"), ("class", "highlight")])
          }
        ))
    }
    if let filling {
      for (name, style) in [(filling.filled, "mark"), (filling.empty, "mark empty")] {
        entries.append(
          (
            name,
            { x, drawing in
              drawing.add(
                "path", [("d", Palette.mark(0, x: x + 7, y: 10, radius: 4)), ("class", "\(style) neutral")])
            }
          ))
      }
    }
    let widths = entries.map { 36 + estimatedWidth($0.name, fontSize: PlotFrame.fontSize) }
    var x = size.width - widths.reduce(0, +)
    for (entry, width) in zip(entries, widths) {
      entry.draw(x, &drawing)
      drawing.text(entry.name, x + 20, 14.5, class: "tick")
      x += width
    }
  }
}
