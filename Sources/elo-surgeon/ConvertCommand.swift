import ArgumentParser
import Checkpoints
import Foundation

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Turn a GGUF model into a checkpoint directory.",
    discussion: """
      Reads Llama models with a byte-level BPE tokenizer in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and \
      Q6_K. The directory has weights, configuration, tokenizer and chat template as transformers loads them.
      """)

  @Argument(help: "A GGUF file.")
  var model: String
  @Option(help: "Directory of the checkpoint; must not exist.")
  var output: String
  @Option(help: "Type of every tensor.")
  var dtype = WeightType.bf16

  enum WeightType: String, ExpressibleByArgument, CaseIterable {
    case f32, f16, bf16

    var dtype: DType {
      switch self {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      }
    }
  }

  func run() throws {
    Interruption.listen()
    let plan = try GGUFConversion(file: URL(filePath: model), dtype: dtype.dtype)
    let transfer = Transfer("convert")
    try plan.execute(to: directory(output), progress: transfer.show)
    transfer.finish()
    print("\(output): \(plan.tensorCount) tensors, \(plan.parameterCount) parameters in \(plan.dtype)")
  }
}
