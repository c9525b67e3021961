import Figures

/// The pictures of one axis.
enum GrowthFigures {
  /// Tokens a second, measured and by the model.
  static func speed(_ points: [MeasuredPoint], along axis: GrowthAxis, _ model: CostModel) -> LineChart {
    LineChart(
      title: "Speed of a detached step", xLabel: axis.label, yLabel: "tokens a second",
      series: [
        curve("measured", points) { $0.tokensPerSecond }, curve("model", points) { model.tokensPerSecond($0) },
      ], xScale: axis == .threads ? .linear : .logarithmic, yScale: axis == .threads ? .linear : .logarithmic)
  }

  /// Peak memory, measured and by the count of what is held.
  static func memory(_ points: [MeasuredPoint], along axis: GrowthAxis) -> LineChart {
    LineChart(
      title: "Peak memory of a detached step", xLabel: axis.label, yLabel: "GB",
      series: [
        curve("measured", points) { $0.peakBytes / 1e9 }, curve("counted", points) { $0.shape.bytesHeld / 1e9 },
      ], xScale: axis == .threads ? .linear : .logarithmic)
  }

  private static func curve(
    _ name: String, _ points: [MeasuredPoint], _ value: (MeasuredPoint) -> Double
  ) -> LineChart.Series {
    .init(name, points: points.map { .init(x: Double($0.value), y: value($0)) })
  }
}
