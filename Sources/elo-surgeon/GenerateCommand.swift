import ArgumentParser
import ChatTemplates
import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import Tokenizers

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a prompt, to see what a checkpoint says.")

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @Option(help: "The beginning of the text. Special tokens written in it are recognised.")
  var prompt: String
  @Flag(help: "Take the prompt for a user's message, put it into the checkpoint's chat template, and print the answer.")
  var chat = false
  @Option(help: "With --chat: a system message before the user's.")
  var system: String?
  @Option(help: "Generate at most this many tokens; an end-of-text token ends earlier.")
  var maxTokens = 128
  @Option(help: "0 takes the likeliest token each time, 1 samples from the model's own distribution.")
  var temperature = 0.0
  @Option(help: "Sample from the likeliest tokens that together have this probability.")
  var topP = 0.95
  @Option(help: "Seed of the sampling.")
  var seed: UInt64 = 42
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard chat || system == nil else { throw ValidationError("--system is for --chat") }
    guard maxTokens > 0 else { throw ValidationError("--max-tokens must be at least 1") }
    guard temperature >= 0, topP > 0, topP <= 1 else {
      throw ValidationError("--temperature must not be negative, --top-p lie above 0 and not above 1")
    }
  }

  func run() throws {
    Interruption.listen()
    let source = try Checkpoint(directory: directory(checkpoint))
    let decoder = try Decoder(source, device: compute.device)
    let tokenizer = try Tokenizer(directory: source.directory)
    let special = try SpecialTokens(directory: source.directory, tokenizer: tokenizer)
    // A template writes its own special tokens.
    let promptIds =
      chat ? tokenizer.encode(try conversation(in: source.directory)) : [special.prefix] + tokenizer.encode(prompt)
    let vocabulary = decoder.configuration.vocabularySize
    if let id = promptIds.first(where: { Int($0) >= vocabulary }) {
      throw CorpusError.tokenOutsideVocabulary(text: "--prompt", id: id, vocabulary: vocabulary)
    }
    let limit = decoder.configuration.maximumPositions
    guard promptIds.count < limit else { throw TrainingError.sequenceTooLong(length: promptIds.count, limit: limit) }
    let capacity = min(limit, promptIds.count + maxTokens)
    let generation = Generation(decoder, capacity: capacity)
    var sampler = Sampler(temperature: Float(temperature), topP: Float(topP), seed: seed)
    var logits = generation.append(promptIds.map(Int32.init))
    // Decoded as a whole each time: a token may hold only part of a character.
    var ids: [UInt32] = []
    var printed = ""
    if !chat { print(prompt, terminator: "") }
    while ids.count < maxTokens, !Interruption.isRequested {
      let id = UInt32(sampler.sample(logits))
      if special.stops.contains(id) { break }
      ids.append(id)
      let text = tokenizer.decode(ids)
      if text.hasPrefix(printed), !text.hasSuffix("\u{FFFD}") {
        FileHandle.standardOutput.write(Data(text.dropFirst(printed.count).utf8))
        printed = text
      }
      guard generation.count < capacity else { break }
      logits = generation.append([Int32(id)])
    }
    print()
  }

  /// The prompt as the checkpoint's chat template has it.
  private func conversation(in directory: URL) throws -> String {
    let messages =
      (system.map { [ChatTemplate.Message(role: "system", content: $0)] } ?? []) + [
        .init(role: "user", content: prompt)
      ]
    return try ChatTemplate(directory: directory).render(
      messages, variables: ChatTemplate.specialTokens(directory: directory))
  }
}
