import Foundation

/// Why training or evaluation stopped.
public enum TrainingError: Error, Sendable, Equatable {
  /// Something became NaN or infinite.
  case notFinite(String)
  /// The user asked to stop.
  case interrupted
  /// The user asked to stop, and what the run needs to go on lies in a directory.
  case interruptedAndSaved(step: Int, URL)
  /// The user asked to stop an adaptation, and the stages that are done are kept in a directory.
  case interruptedBetweenStages(done: [String], URL)
  /// Too many steps in a row could not be taken; the weights before them are in a checkpoint.
  case tooManySkips(step: Int, inRow: Int, reason: String, lastGood: URL?)
  /// A sequence is longer than the model was made for.
  case sequenceTooLong(length: Int, limit: Int)
  /// A step cannot be split as asked.
  case badAccumulation(batchSize: Int, accumulate: Int)
  /// A sample of words was asked for of a head that is trained.
  case approximatedHeadIsTrained(HeadApproximation)
  /// A sample of words would be all of them, or fewer than two.
  case badHeadWords(Int, vocabulary: Int)
  /// A file is not what `evaluate --format json` printed.
  case notAnEvaluation(URL)
  /// Another model's scores are not of the same documents.
  case otherDocuments(text: String)
  /// An argument is not of the form `NAME=FILE`.
  case malformedChoices(String)
  /// A file of questions with choices is not as it should be.
  case badChoices(URL, line: Int?, problem: String)
  /// The tokenizer makes one token of the end of a context and all of an answer.
  case emptyChoice(task: String, question: Int, choice: Int)
  /// Text that training or evaluation needs is not there.
  case missingText(String)
  /// A file of a detached checkpoint is damaged or belongs elsewhere.
  case badBridgeFile(URL, problem: String)
  /// The checkpoint was not made by `detach`.
  case notDetached(URL)
  /// A file could not be written.
  case cannotWrite(URL, problem: String)
  /// A save could not be written; `lastSave` is the one that is there.
  case cannotSave(step: Int, problem: String, lastSave: URL?)
  /// A save is damaged or of another version.
  case badSave(URL, problem: String)
  /// Saves of an unfinished run lie where this one would work.
  case unfinishedRun(URL, step: Int)
  /// An unfinished adaptation lies where this one would work.
  case unfinishedAdaptation(URL)
  /// A directory belongs to a run of another model, other texts or other flags.
  case otherRun(URL, differences: [String])

  /// A word of a selection of weights is none of those there are.
  case unknownWeights(String)
  /// A part of a selection names nothing in this model.
  case noSuchWeights(String)
  /// The head was named of a model that uses its embedding as head.
  case tiedHead
  /// A layer was named that belongs to the scaffold.
  case frozenLayer(Int)
  /// A text to keep as it was cannot be read.
  case badAnchor(String)
  /// A text to keep as it was is none of those that are trained on.
  case noSuchText(String, known: [String])
  /// Low-rank adapters were to go on something else than layers.
  case notInLayers(String)
  /// No matrix of the layers has the name that low-rank adapters were to go on.
  case noSuchTarget(String, known: [String])
  /// The rank of adapters exceeds that of a matrix.
  case rankTooLarge(Int, matrix: String, limit: Int)
  /// Some of the matrices that PEFT holds in one tensor are to be adapted, and others not.
  case partOfTensor(adapted: String, left: String)
  /// Weights that are to be trained are stored in a type that training does not write.
  case storedTooNarrow(String, kind: String)
  /// A setting of some weights cannot be read.
  case badSetting(String)
  /// A setting was given for weights that are not trained.
  case settingWithoutEffect(String)
  /// A stage needs more memory than there is; `fitting` are methods of adapting that need less.
  case needsMemory(stage: String, needed: Int, available: Int, fitting: [String])

  /// Whether the command line has to be written otherwise.
  public var isWrongUsage: Bool {
    switch self {
    case .malformedChoices, .unknownWeights, .badSetting, .badAnchor, .noSuchText: true
    default: false
    }
  }

  /// Whether the user asked to stop.
  public var isInterruption: Bool {
    switch self {
    case .interrupted, .interruptedAndSaved, .interruptedBetweenStages: true
    default: false
    }
  }
}

extension TrainingError: CustomStringConvertible {
  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .notFinite(let what):
      "\(what) is NaN or infinite: lower --learning-rate, or check the checkpoint with `elo-surgeon verify`"
    case .interrupted:
      "interrupted: nothing was written to the output; run the same command to start again"
    case .interruptedAndSaved(let step, let directory):
      "interrupted after step \(step), which is saved in \(directory.path); add --resume to the same command to go on"
    case .interruptedBetweenStages(let done, let directory):
      "interrupted; \(directory.path) keeps what is done (\(done.joined(separator: ", "))): add --resume to the same "
        + "command to go on"
    case .tooManySkips(let step, let inRow, let reason, let lastGood):
      "step \(step) was the \(inRow)th in a row that could not be taken: \(reason); "
        + (lastGood.map { "the weights before them are in \($0.path): go on from there with a lower --learning-rate" }
          ?? "lower --learning-rate, or check the checkpoint with `elo-surgeon verify`")
    case .sequenceTooLong(let length, let limit):
      "sequences of \(length) tokens, but the model was made for \(limit): lower --sequence-length or --context"
    case .badAccumulation(let batchSize, let accumulate):
      "--batch-size \(batchSize) cannot be split into --accumulate \(accumulate) equal parts: choose a divisor"
    case .approximatedHeadIsTrained(let approximation):
      "\(approximation == .rounding ? "--rounded-head" : "--head-words") is for frozen heads, and here the head is trained: "
        + "leave it out, or name layers in --train"
    case .badHeadWords(let count, let vocabulary):
      "--head-words \(count), but the vocabulary has \(vocabulary) words: give fewer, at least 2, or leave it out"
    case .notAnEvaluation(let file):
      "\(file.path) is missing or not what `elo-surgeon evaluate --format json` printed: make it with that command"
    case .malformedChoices(let argument):
      "\(argument) is not NAME=FILE: name the task and its file, such as capitals=capitals.jsonl"
    case .badChoices(let file, let line, let problem):
      "\(file.path)\(line.map { ", line \($0)" } ?? ""): \(problem); a line is {\"context\": TEXT, \"choices\": [TEXT, ...], \"answer\": PLACE}"
    case .emptyChoice(let task, let question, let choice):
      "\(task), question \(question), choice \(choice): the tokenizer leaves no token of it behind the context; end the context at a "
        + "word's end"
    case .otherDocuments(let text):
      "the other model's scores are not of the same documents of \(text): evaluate both on the same files with the same "
        + "--documents"
    case .missingText(let what):
      "\(what): give text that holds some"
    case .badBridgeFile(let file, let problem):
      "\(file.path): \(problem); fit the bridge again with `elo-surgeon bridge`, or pass --bridge none"
    case .notDetached(let directory):
      "\(directory.path) has no surgery.json: it was not made by `elo-surgeon detach`; use `align` to train a whole model"
    case .cannotWrite(let file, let problem):
      "cannot write \(file.path): \(problem); free space or choose another --output"
    case .cannotSave(let step, let problem, let lastSave):
      "step \(step) could not be saved: \(problem); "
        + (lastSave.map { "\($0.lastPathComponent) is kept: make room and add --resume to the same command to go on" }
          ?? "no step is saved yet: make room and start again")
    case .badSave(let file, let problem):
      "\(file.path): \(problem); remove \(file.deletingLastPathComponent().path) to go on without it"
    case .unfinishedRun(let directory, let step):
      "\(directory.path) holds a run that was saved after step \(step): add --resume to go on with it, or remove the "
        + "directory to start afresh"
    case .unfinishedAdaptation(let directory):
      "\(directory.path) holds an adaptation that is not finished: add --resume to go on with it, or remove the directory "
        + "to start afresh"
    case .unknownWeights(let word):
      "\(word) names no weights: write all, layers, norms, biases, embedding, head, or layers such as first,last or 4..<9"
    case .noSuchWeights(let part):
      "this model has no weights that \(part) names: leave it out"
    case .tiedHead:
      "the head of this model is its embedding: write embedding instead of head"
    case .frozenLayer(let layer):
      "layer \(layer) of the detached model is part of its frozen scaffold: take it out of the selection"
    case .badAnchor(let text):
      "\(text) does not say which text is to be kept: write NAME=WEIGHT such as en=0.5"
    case .noSuchText(let name, let known):
      "there is no text \(name) to keep: take one of those that are trained on, \(known.joined(separator: ", "))"
    case .notInLayers(let part):
      "low-rank adapters go on the matrices of layers, not on \(part): name layers in --train, or take --method full"
    case .noSuchTarget(let target, let known):
      "no matrix of the layers is called \(target): take some of \(known.joined(separator: ", ")) for --lora-targets"
    case .partOfTensor(let adapted, let left):
      "\(adapted) would have an adapter and \(left) none, but all experts' gates and ups of a layer are one tensor, and all downs: "
        + "name the ends of both or of neither in --lora-targets"
    case .rankTooLarge(let rank, let matrix, let limit):
      "adapters of rank \(rank), but \(matrix) has rank \(limit) at most: lower --lora-rank"
    case .badSetting(let text):
      "\(text) is no setting of some weights: write WEIGHTS=NUMBER such as embedding=1e-5 or norms,first:2=0.1"
    case .storedTooNarrow(let name, let kind):
      "\(name) is stored as \(kind), which is computed but not trained, since small steps would be rounded away: make one "
        + "in bf16 with `elo-surgeon convert` (of a detached model: of its base) and train that, or leave these weights out of "
        + "--train"
    case .needsMemory(let stage, let needed, let available, let fitting):
      String(
        format: "%@ needs about %.1f GB of memory, and this machine has %.1f: ", stage, Double(needed) / 1e9,
        Double(available) / 1e9)
        + (fitting.isEmpty ? "" : "take --method \(fitting.joined(separator: " or ")), or ")
        + "lower --align-batch-size, --sequence-length or --lora-rank, raise --accumulate, add --recompute or --moments bf16, "
        + "or name fewer weights in --align-train"
    case .settingWithoutEffect(let text):
      "\(text) is for weights that are not trained: leave it out, or name them in --train too"
    case .otherRun(let directory, let differences):
      "\(directory.path) belongs to another run: \(differences.joined(separator: "; ")); give what that run was started "
        + "with, or choose another --output"
    }
  }
}
