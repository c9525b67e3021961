import Decoders

extension Decoder {
  /// Replaces every weight by what an untrained model of this shape starts from: matrices normal with mean 0, norms
  /// that change nothing, biases 0.
  ///
  /// On such a model no criterion can find what a language needs of a layer: a control for a probe. Weights are f32, 4
  /// bytes each.
  /// - Parameter standardDeviation: `initializer_range` of config.json.
  /// - Throws: `ProbeError.statistics` without memory for the generator.
  public func randomizeWeights(standardDeviation: Double = 0.02, seed: UInt64) throws(ProbeError) {
    var random = try RandomNumbers(seed: seed)
    for parameter in parameters {
      let values =
        if let start = parameter.constantStart {
          Array(repeating: start, count: parameter.value.count)
        } else {
          random.normals(parameter.value.count, standardDeviation: standardDeviation)
        }
      parameter.replaceValue(with: values, on: device)
    }
  }
}
