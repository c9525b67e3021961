import ArgumentParser
import Checkpoints
import Foundation
import ModelSurgery

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Turn a GGUF model, or a checkpoint in fp8, into a checkpoint that can be trained.",
    discussion: """
      Of a checkpoint directory in fp8 (F8_E4M3 with scales, as Qwen 3 and DeepSeek-V3 are published) the matrices are \
      multiplied by their scales, and everything else is copied. Of a GGUF file it reads Llama models with a byte-level BPE tokenizer in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and \
      Q6_K; the directory then has weights, configuration, tokenizer and chat template as transformers loads them.
      """)

  @Argument(help: "A GGUF file, or a checkpoint directory in fp8.")
  var model: String
  @Option(help: "Directory of the checkpoint; must not exist.")
  var output: String
  @Option(help: "Type of the tensors: all of a GGUF file, those of a checkpoint that are in fp8.")
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
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: model, isDirectory: &isDirectory), isDirectory.boolValue {
      try widen()
    } else {
      try convertGGUF()
    }
  }

  private func widen() throws {
    let plan = try WideningPlan(checkpoint: Checkpoint(directory: directory(model)), dtype: dtype.dtype)
    let transfer = Transfer("convert")
    if try plan.execute(to: directory(output), progress: transfer.show) { Transfer.warnOfRemains() }
    transfer.finish()
    print(plan.lines.last ?? "")
  }

  private func convertGGUF() throws {
    let plan = try GGUFConversion(file: URL(filePath: model), dtype: dtype.dtype)
    let transfer = Transfer("convert")
    try plan.execute(to: directory(output), progress: transfer.show)
    transfer.finish()
    print("\(output): \(plan.tensorCount) tensors, \(plan.parameterCount) parameters in \(plan.dtype)")
  }
}
