extension ForestChart {
  /// The names, the axis, the intervals and their values in numbers.
  public func drawing() -> Drawing {
    var drawing = Drawing()
    let top = Self.top(series.count)
    let bottom = top + Double(rows.count) * pitch
    let fontSize = PlotFrame.fontSize
    let names = rows.map { estimatedWidth($0.name, fontSize: fontSize) }.max() ?? 0
    let texts = rows.flatMap { $0.values.compactMap { $0.map(text) } }
    let numbers = texts.map { estimatedWidth($0, fontSize: fontSize) }.max() ?? 0
    let frame = PlotFrame(
      width: size.width, height: size.height, left: min(names + 18, 360), right: size.width - numbers - 16, top: top,
      bottom: bottom)
    let extents = rows.flatMap { $0.values.compactMap { $0 } }.flatMap { value in
      [value.value] + (value.interval.map { [$0.lowerBound, $0.upperBound] } ?? [])
    }
    guard !extents.isEmpty else {
      drawing.text("no values", size.width / 2, (top + bottom) / 2, anchor: "middle", class: "muted")
      return drawing
    }
    let x = Scale(over: extents + (reference.map { [$0] } ?? []), from: frame.left, to: frame.right)
    for (place, row) in rows.enumerated() where row.isHighlighted {
      drawing.add(
        "rect",
        [
          ("x", "0"), ("y", coordinate(top + Double(place) * pitch)), ("width", coordinate(size.width)),
          ("height", coordinate(pitch)), ("class", "highlight"),
        ])
    }
    drawAxis(x, frame, into: &drawing)
    for place in rows.indices { drawRow(place, x, frame, into: &drawing) }
    if series.count > 1 { drawLegend(into: &drawing) }
    return drawing
  }

  private func drawAxis(_ x: Scale, _ frame: PlotFrame, into drawing: inout Drawing) {
    for tick in x.ticks(limit: 6) {
      guard let position = x.position(tick.value) else { continue }
      drawing.line(position, frame.top, position, frame.bottom, class: "grid")
      drawing.text(tick.label, position, frame.bottom + 19, anchor: "middle", class: "tick")
    }
    if let reference, let position = x.position(reference) {
      drawing.line(position, frame.top, position, frame.bottom, class: "reference")
    }
    drawing.line(frame.left, frame.bottom, frame.right, frame.bottom, class: "axis")
    drawing.text(xLabel, (frame.left + frame.right) / 2, frame.bottom + 42, anchor: "middle", class: "axis-name")
  }

  private func drawRow(_ place: Int, _ x: Scale, _ frame: PlotFrame, into drawing: inout Drawing) {
    let middle = frame.top + (Double(place) + 0.5) * pitch
    drawing.text(rows[place].name, 4, middle + 4.5, class: rows[place].isHighlighted ? "category" : "")
    for (i, value) in rows[place].values.enumerated() {
      guard let value, let position = x.position(value.value) else { continue }
      let y = middle + (Double(i) - Double(series.count - 1) / 2) * 18
      let color = Palette.seriesClass(i)
      if let interval = value.interval, let low = x.position(interval.lowerBound),
        let high = x.position(interval.upperBound)
      {
        drawing.add(
          "path",
          [
            ("d", "M\(coordinate(low)) \(coordinate(y - 4))v8m0 -4H\(coordinate(high))m0 -4v8"),
            ("class", "interval \(color)"),
          ])
      }
      drawing.add("path", [("d", Palette.mark(i, x: position, y: y, radius: 4.5)), ("class", "mark \(color)")])
      drawing.text(text(value), size.width - 4, y + 4.5, anchor: "end", class: "tick")
    }
  }

  private func drawLegend(into drawing: inout Drawing) {
    let (places, _) = PlotFrame.legendPlaces(series, width: size.width)
    for (i, name) in series.enumerated() {
      drawing.add(
        "path",
        [("d", Palette.mark(i, x: places[i].x + 8, y: 10, radius: 4.5)), ("class", "mark \(Palette.seriesClass(i))")])
      drawing.text(name, places[i].x + 20, 14.5, class: "label \(Palette.seriesClass(i))")
    }
  }
}
