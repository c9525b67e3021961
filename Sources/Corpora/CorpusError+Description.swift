extension CorpusError: CustomStringConvertible {
  /// The problem in one sentence, ending in what to do.
  public var description: String {
    switch self {
    case .malformedSource(let argument):
      "'\(argument)' does not name a text; write NAME=FILE or NAME=FILE:WEIGHT, such as german=news.jsonl:9"
    case .invalidWeight(let argument, let weight):
      "the weight \(weight) in '\(argument)' is not a share of tokens; give a finite number above 0"
    case .duplicateName(let name):
      "two texts are named '\(name)'; give each text a name of its own"
    case .nothingFound(let path):
      "no text found at '\(path)'; give a \(FileKind.spelledOut), a directory that has some, or a pattern that "
        + "matches some"
    case .unsupportedFile(let file):
      "'\(file)' is not a kind of text that can be read; give a \(FileKind.spelledOut)"
    case .unreadable(let file, let reason):
      "'\(file)' cannot be read: \(reason); check that it exists and that you may read it"
    case .damaged(let file, let format, let reason):
      "'\(file)' is damaged \(format.rawValue) data (\(reason)); fetch or compress it again"
    case .truncated(let file, let format):
      "'\(file)' ends in the middle of its \(format.rawValue) data; fetch or compress it again"
    case .invalidUTF8(let file, let line, let offset):
      "'\(file)'\(line.map { ", line \($0)" } ?? ""): byte \(offset) of the text is not valid UTF-8; convert the file "
        + "to UTF-8"
    case .lineTooLong(let file, let line, let offset, let length, let limit):
      "'\(file)', line \(line) (byte \(offset)) is \(length) bytes long, more than the \(limit) that a line may have; split "
        + "the document"
    case .invalidJSON(let file, let line, let problem):
      "'\(file)', line \(line) is not JSON: \(problem) of the line; write one JSON object per line"
    case .notAnObject(let file, let line):
      "'\(file)', line \(line) is not a JSON object; write one JSON object per line"
    case .missingField(let file, let line, let field, let found):
      "'\(file)', line \(line) has no field '\(field)' (its fields: \(found.joined(separator: ", "))); name the one "
        + "that holds the text with --text-field"
    case .fieldIsNoString(let file, let line, let field):
      "'\(file)', line \(line): the field '\(field)' is not a string; name the one that holds the text with "
        + "--text-field"
    case .noDocuments(let name, let path):
      "the text '\(name)' has no documents in '\(path)'; give a file with at least one"
    case .noTokens(let name, let documents):
      "the text '\(name)' has no tokens: all of its documents (\(documents)) are empty; give a file with text"
    case .tokenOutsideVocabulary(let text, let id, let vocabulary):
      "the text '\(text)' holds token \(id), but the model's embedding has \(vocabulary) rows; check that tokenizer.json "
        + "belongs to this checkpoint"
    case .cannotCache(let path, let reason):
      "the tokens cannot be kept in \(path): \(reason); free space or name another directory with --token-cache"
    case .damagedCache(let path):
      "'\(path)' is damaged; remove its folder, and the text is tokenised anew"
    case .tooFewDocuments(let name, let documents):
      "the text '\(name)' has \(documents) documents with text, too few to hold some out for evaluation; give more text, or name "
        + "texts to score with --held-out"
    case .cursorDoesNotFit(let difference):
      "the saved place in the texts belongs to another run: \(difference); resume with what the run was started with"
    }
  }
}
