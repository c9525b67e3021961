/// What a SentencePiece `tokenizer.model` says: the message `ModelProto` of `sentencepiece_model.proto`.
struct SentencePieceFile: Sendable {
  /// What a piece is for; the numbers are those of the format.
  enum Kind: UInt64, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  struct Piece: Sendable {
    var spelling = ""
    var score: Float = 0
    var kind = Kind.normal
  }

  /// How pieces are chosen; the numbers are those of the format.
  enum ModelType: UInt64, Sendable {
    case unigram = 1
    case bpe, word, character
  }

  /// By id.
  private(set) var pieces: [Piece] = []
  private(set) var modelType = ModelType.unigram
  private(set) var fallsBackToBytes = false
  private(set) var unknownToken: UInt32 = 0
  /// What an unknown token decodes to.
  private(set) var unknownSurface = " \u{2047} "
  private(set) var charsMap: PrecompiledCharsMap?
  private(set) var addsDummyPrefix = true
  private(set) var removesExtraWhiteSpace = true
  private(set) var escapesWhiteSpace = true
  private(set) var treatsWhiteSpaceAsSuffix = false

  /// - Parameter file: its name, for errors.
  /// - Throws: `TokenizerError` when the message is damaged or its model is neither BPE nor Unigram.
  init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
    do {
      var message = ProtobufReader(bytes[...])
      while let (field, value) = try message.next() {
        guard case .bytes(let part) = value else { continue }
        switch field {
        case 1: pieces.append(try Piece(part))
        case 2: try readTrainer(part)
        case 3: try readNormalizer(part, field: "\(file).normalizer_spec.precompiled_charsmap")
        case 5: try refuseDenormalizer(part, file: file)
        default: break
        }
      }
    } catch let error as TokenizerError {
      throw error
    } catch {
      throw .damagedFile(file: file, problem: "it is no SentencePiece model")
    }
    guard !pieces.isEmpty else { throw .damagedFile(file: file, problem: "it is no SentencePiece model") }
    guard modelType == .bpe || modelType == .unigram else {
      throw .unsupported(field: "\(file).trainer_spec.model_type", value: "\(modelType)")
    }
    guard let unknown = pieces.firstIndex(where: { $0.kind == .unknown }) else {
      throw .damagedFile(file: file, problem: "it has no unknown piece")
    }
    unknownToken = UInt32(unknown)
    if fallsBackToBytes, pieces.count(where: { $0.kind == .byte }) != 256 {
      throw .damagedFile(file: file, problem: "it falls back to bytes and has no piece for some")
    }
  }

  private mutating func readTrainer(_ part: ArraySlice<UInt8>) throws {
    var message = ProtobufReader(part)
    while let (field, value) = try message.next() {
      switch (field, value) {
      case (3, .number(let number)):
        guard let type = ModelType(rawValue: number) else { throw ProtobufReader.Damage() }
        modelType = type
      case (24, .number(let number)): treatsWhiteSpaceAsSuffix = number != 0
      case (35, .number(let number)): fallsBackToBytes = number != 0
      case (44, .bytes(let text)): unknownSurface = String(decoding: text, as: UTF8.self)
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ part: ArraySlice<UInt8>, field name: String) throws {
    var message = ProtobufReader(part)
    while let (field, value) = try message.next() {
      switch (field, value) {
      case (2, .bytes(let blob)): charsMap = blob.isEmpty ? nil : try PrecompiledCharsMap(Array(blob), field: name)
      case (3, .number(let number)): addsDummyPrefix = number != 0
      case (4, .number(let number)): removesExtraWhiteSpace = number != 0
      case (5, .number(let number)): escapesWhiteSpace = number != 0
      default: break
      }
    }
  }

  private func refuseDenormalizer(_ part: ArraySlice<UInt8>, file: String) throws {
    var message = ProtobufReader(part)
    while let (field, value) = try message.next() {
      if field == 2, case .bytes(let blob) = value, !blob.isEmpty {
        throw TokenizerError.unsupported(field: "\(file).denormalizer_spec", value: "a table of replacements")
      }
    }
  }
}

extension SentencePieceFile.Piece {
  init(_ part: ArraySlice<UInt8>) throws {
    var message = ProtobufReader(part)
    while let (field, value) = try message.next() {
      switch (field, value) {
      case (1, .bytes(let text)): spelling = String(decoding: text, as: UTF8.self)
      case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
      case (3, .number(let number)):
        guard let kind = SentencePieceFile.Kind(rawValue: number) else { throw ProtobufReader.Damage() }
        self.kind = kind
      default: break
      }
    }
  }
}
