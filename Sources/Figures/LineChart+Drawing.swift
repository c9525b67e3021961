extension LineChart {
  /// The axes, the references, the curves and their names.
  public func drawing() -> Drawing {
    var drawing = Drawing()
    let frame = frame
    let x = horizontalScale(frame)
    let y = verticalScale(frame)
    if !drawsNamesAtEnds { drawLegend(into: &drawing) }
    guard series.contains(where: { $0.points.contains { x.position($0.x) != nil && y.position($0.y) != nil } }) else {
      drawing.text("no values", size.width / 2, (frame.top + frame.bottom) / 2, anchor: "middle", class: "muted")
      return drawing
    }
    frame.drawValueAxis(y, name: yLabel, into: &drawing)
    frame.drawHorizontalAxis(x, name: xLabel, into: &drawing)
    for reference in references {
      guard let level = y.position(reference.y) else { continue }
      drawing.line(frame.left, level, frame.right, level, class: "reference")
    }
    for (i, series) in series.enumerated() { drawCurve(series, i, x, y, into: &drawing) }
    drawEndLabels(frame, x, y, into: &drawing)
    return drawing
  }

  private var frame: PlotFrame {
    let names = (drawsNamesAtEnds ? series.map(\.name) : []) + references.map(\.name)
    let labels = names.map { estimatedWidth($0, fontSize: PlotFrame.fontSize) }.max() ?? 0
    let top = size.height - 380 + 34
    let bottom = size.height - 54
    let values = verticalScale(from: bottom, to: top)
    return PlotFrame(
      width: size.width, height: size.height, left: max(PlotFrame.roomForTicks(values), 28),
      right: size.width - max(16, min(labels + 24, 240)), top: top, bottom: bottom)
  }

  private func horizontalScale(_ frame: PlotFrame) -> Scale {
    let values = series.flatMap { series in series.points.filter { $0.y.isFinite }.map(\.x) }
    return Scale(over: values, from: frame.left, to: frame.right, kind: xScale, padding: 0)
  }

  private func verticalScale(_ frame: PlotFrame) -> Scale { verticalScale(from: frame.bottom, to: frame.top) }

  private func verticalScale(from bottom: Double, to top: Double) -> Scale {
    let values = series.flatMap { $0.points.map(\.y) } + references.map(\.y)
    return Scale(over: values, from: bottom, to: top, kind: yScale)
  }

  private func drawCurve(_ series: Series, _ i: Int, _ x: Scale, _ y: Scale, into drawing: inout Drawing) {
    let color = Palette.seriesClass(i)
    let dash = Palette.dash(i).map { [("stroke-dasharray", $0)] } ?? []
    if series.smoothing > 1 {
      drawing.add("path", [("d", path(series.points, x, y)), ("class", "curve faint \(color)")])
    }
    let points = series.smoothing > 1 ? runningMean(series.points, over: series.smoothing) : series.points
    drawing.add("path", [("d", path(points, x, y)), ("class", "curve \(color)")] + dash)
    let positions = points.compactMap { point in
      x.position(point.x).flatMap { px in y.position(point.y).map { (px, $0) } }
    }
    // Few points are measurements worth seeing one by one; of many, the last one carries the name.
    for (px, py) in positions.count <= 30 ? positions : positions.suffix(1) {
      drawing.add("path", [("d", Palette.mark(i, x: px, y: py, radius: 3.5)), ("class", "mark \(color)")])
    }
  }

  /// A line through the points that can be shown, interrupted at the others.
  ///
  /// Of many points within one unit of width
  /// only the first, lowest, highest and last are drawn, which looks the same.
  private func path(_ points: [Point], _ x: Scale, _ y: Scale) -> String {
    var path = ""
    var pen = "M"
    func draw(_ px: Double, _ py: Double) {
      path += "\(pen)\(coordinate(px)) \(coordinate(py))"
      pen = "L"
    }
    var column: [(x: Double, y: Double)] = []
    func drawColumn() {
      guard column.count > 4 else {
        for point in column { draw(point.x, point.y) }
        column = []
        return
      }
      let low = column.indices.min { column[$0].y < column[$1].y }!
      let high = column.indices.max { column[$0].y < column[$1].y }!
      for i in Set([0, low, high, column.count - 1]).sorted() { draw(column[i].x, column[i].y) }
      column = []
    }
    for point in points {
      guard let px = x.position(point.x), let py = y.position(point.y) else {
        drawColumn()
        pen = "M"
        continue
      }
      if let first = column.first, px.rounded(.down) != first.x.rounded(.down) { drawColumn() }
      column.append((px, py))
    }
    drawColumn()
    return path
  }

  /// The mean of each point's neighbourhood.
  ///
  /// At the start, where curves are steep, it is narrower so as to stay centred;
  /// at the end it reaches less far ahead, so that the last value is a mean too and not one point's chance.
  private func runningMean(_ points: [Point], over window: Int) -> [Point] {
    let shown = points.filter { $0.y.isFinite }
    var sums = [0.0]
    for point in shown { sums.append(sums[sums.count - 1] + point.y) }
    return shown.indices.map { i in
      let reach = min(window / 2, i)
      let neighbours = (i - reach)..<min(i + reach + 1, shown.count)
      let sum = sums[neighbours.upperBound] - sums[neighbours.lowerBound]
      return Point(x: shown[i].x, y: sum / Double(neighbours.count))
    }
  }

  private func drawEndLabels(_ frame: PlotFrame, _ x: Scale, _ y: Scale, into drawing: inout Drawing) {
    var labels: [(text: String, y: Double, x: Double, class: String)] = []
    if drawsNamesAtEnds {
      for (i, series) in series.enumerated() {
        let points = series.smoothing > 1 ? runningMean(series.points, over: series.smoothing) : series.points
        guard let last = points.last(where: { x.position($0.x) != nil && y.position($0.y) != nil }) else { continue }
        labels.append((series.name, y.position(last.y)!, x.position(last.x)!, "label \(Palette.seriesClass(i))"))
      }
    }
    for reference in references {
      guard let level = y.position(reference.y) else { continue }
      labels.append((reference.name, level, frame.right, "label muted"))
    }
    let places = spreadLabels(labels.map(\.y), gap: PlotFrame.lineHeight, within: frame.top...frame.bottom)
    for (label, place) in zip(labels, places) {
      drawing.text(label.text, frame.right + 9, place + 4.5, class: label.class)
    }
  }

  private func drawLegend(into drawing: inout Drawing) {
    let (places, _) = PlotFrame.legendPlaces(series.map(\.name), width: size.width)
    for (i, series) in series.enumerated() {
      let y = Double(places[i].row) * PlotFrame.lineHeight + 12
      let dash = Palette.dash(i).map { [("stroke-dasharray", $0)] } ?? []
      let sample = "M\(coordinate(places[i].x)) \(coordinate(y - 4))h22"
      drawing.add("path", [("d", sample), ("class", "curve \(Palette.seriesClass(i))")] + dash)
      let mark = Palette.mark(i, x: places[i].x + 11, y: y - 4, radius: 3.5)
      drawing.add("path", [("d", mark), ("class", "mark \(Palette.seriesClass(i))")])
      drawing.text(series.name, places[i].x + 30, y, class: "label")
    }
  }
}
