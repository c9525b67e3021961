import Foundation

/// A plan to turn a GGUF model into a checkpoint directory in Hugging Face layout.
///
/// Everything is checked when the plan is made: the architecture (Llama), every tensor's name and shape, the tokenizer
/// (byte-level BPE). The directory holds model.safetensors, config.json, generation_config.json, tokenizer.json,
/// tokenizer_config.json and, where the file has one, chat_template.jinja. The head is left out where it is tied to the
/// embedding, and the order of llama.cpp's query and key rows is undone.
public struct GGUFConversion: Sendable {
  /// The file to convert.
  public let file: GGUFFile
  /// The type that every tensor is written in.
  public let dtype: DType
  /// The tensors of the checkpoint.
  let tensors: [ConvertedTensor]
  /// Every other file of the directory with its text.
  let sideFiles: [(name: String, text: String)]

  /// How many tensors the checkpoint has.
  public var tensorCount: Int { tensors.count }
  /// How many parameters the checkpoint has.
  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.source.elementCount } }

  /// Plans a conversion.
  /// - Parameters:
  ///   - file: the GGUF file.
  ///   - dtype: `.f32`, `.f16` or `.bf16`; narrowing rounds to nearest, ties to even.
  /// - Throws: `CheckpointError` where the file cannot be opened, `GGUFError` where it is not sound or does not convert.
  public init(file url: URL, dtype: DType) throws {
    precondition([.f32, .f16, .bf16].contains(dtype), "a conversion writes F32, F16 or BF16, not \(dtype)")
    let file = try GGUFFile(url)
    let model = try GGUFLlama(file)
    let tokenizer = try GGUFTokenizer(
      file, vocabularySize: model.vocabularySize, maximumPositions: model.maximumPositions)
    self.file = file
    self.dtype = dtype
    tensors = try model.convertedTensors(file)
    var sideFiles = [
      ("config.json", model.config(dtype: dtype, special: tokenizer.special).text + "\n"),
      ("generation_config.json", model.generationConfig(special: tokenizer.special).text + "\n"),
      ("tokenizer.json", tokenizer.tokenizerJSON.text + "\n"),
      ("tokenizer_config.json", tokenizer.tokenizerConfigJSON.text + "\n"),
    ]
    if let template = try file.text("tokenizer.chat_template") { sideFiles.append(("chat_template.jinja", template)) }
    self.sideFiles = sideFiles
  }

  /// Writes the checkpoint, one tensor at a time on all cores; the directory appears complete or not at all.
  /// - Parameters:
  ///   - directory: must not exist, or be empty.
  ///   - progress: called as bytes of the weights arrive.
  /// - Throws: `CheckpointError` where the directory cannot be written, `GGUFError.overflow` where a value is too large
  ///   for the type, and what `progress` throws.
  public func execute(
    to directory: URL, progress: (TransferProgress) throws -> Void = { _ in }
  ) throws {
    let elementBytes = dtype.bitWidth / 8
    let byteCount = parameterCount * elementBytes + sideFiles.reduce(0) { $0 + $1.text.utf8.count }
    let staging = try StagedDirectory(for: directory, byteCount: byteCount)
    let contents = tensors.map { tensor in
      let content = TensorContent.bytes(dtype, shape: tensor.source.shape) { sink in
        try file.narrow(tensor, to: dtype, sink: sink)
      }
      return (tensor.name, content)
    }
    try writeSafetensors(to: staging.url.appending(path: "model.safetensors"), tensors: contents, progress: progress)
    for (name, text) in sideFiles { try writeFile(Array(text.utf8), to: staging.url.appending(path: name)) }
    try staging.commit()
  }
}
