extension StackedBarChart {
  /// The legend, the axis, the bars and their sums.
  public func drawing() -> Drawing {
    var drawing = Drawing()
    drawLegend(into: &drawing)
    let names = bars.map { estimatedWidth($0.name, fontSize: PlotFrame.fontSize) }.max() ?? 0
    let left = names > 0 ? min(names + 12, 260) : 5
    let frame = PlotFrame(
      width: size.width, height: size.height, left: left, right: size.width - 64, top: legendHeight,
      bottom: size.height - 54)
    let x = Scale(over: bars.map(total), from: frame.left, to: frame.right, including: [0], padding: 0)
    for tick in x.ticks(limit: 8) {
      if let position = x.position(tick.value) {
        drawing.line(position, frame.top, position, frame.bottom, class: "grid")
      }
    }
    frame.drawHorizontalAxis(x, name: xLabel, into: &drawing)
    for (i, bar) in bars.enumerated() {
      draw(bar, top: frame.top + Double(i) * Self.barPitch + (Self.barPitch - Self.barHeight) / 2, x, into: &drawing)
    }
    return drawing
  }

  private func draw(_ bar: Bar, top: Double, _ x: Scale, into drawing: inout Drawing) {
    let middle = top + Self.barHeight / 2 + 4.5
    drawing.text(bar.name, x.start - 10, middle, anchor: "end", class: "category")
    var sum = 0.0
    for (part, value) in bar.values.enumerated() {
      guard let value, value > 0, let start = x.position(sum), let end = x.position(sum + value) else { continue }
      sum += value
      // A hairline of background keeps neighbours apart without any colour.
      drawing.add(
        "rect",
        [
          ("x", coordinate(start)), ("y", coordinate(top)), ("width", coordinate(max(end - start - 1.5, 0.5))),
          ("height", coordinate(Self.barHeight)), ("class", "part \(Palette.seriesClass(part))"),
        ])
      // The part's name saves a look at the legend where there is room for it.
      let number = decimalText(value, decimals: decimals)
      let text = [parts[part] + " " + number, number].first {
        estimatedWidth($0, fontSize: PlotFrame.fontSize) * 1.1 + 10 < end - start
      }
      if let text { drawing.text(text, (start + end) / 2, middle, anchor: "middle", class: "on-part") }
    }
    if let end = x.position(sum) {
      drawing.text(decimalText(total(bar), decimals: decimals), end + 8, middle, class: "value")
    }
  }

  private func drawLegend(into drawing: inout Drawing) {
    let (places, _) = PlotFrame.legendPlaces(parts, width: size.width)
    for (i, part) in parts.enumerated() {
      let y = Double(places[i].row) * (PlotFrame.lineHeight + 3) + 14
      drawing.add(
        "rect",
        [
          ("x", coordinate(places[i].x)), ("y", coordinate(y - 11)), ("width", "20"), ("height", "13"),
          ("class", "part \(Palette.seriesClass(i))"),
        ])
      drawing.text(part, places[i].x + 28, y, class: "label")
    }
  }
}
