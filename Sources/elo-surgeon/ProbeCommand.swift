import ArgumentParser
import Checkpoints
import Corpora
import Decoders
import Figures
import Foundation
import LayerProbe
import LayerTrials
import ModelSurgery
import Tokenizers

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Score the layers of a checkpoint on texts.",
    discussion: """
      Block Influence, angular distance, CKA, retrieval, logit lens, gradients and ablation of every layer, on each \
      document alone behind the prefix token. Ablation, which costs half a forward pass for each layer, is of the first 32 \
      documents of each text, that of attention, of the MLP and of what varies of the first 8.

      With --trial-minutes sets of layers are then trained for a short while on the documents behind those: first and last, \
      the first, the last, the best by each criterion, random ones; detached, put back and aligned, in rounds of which the \
      better half goes on. The choice follows the trials, and the report says how well each criterion foretold them. They \
      need the memory of training the whole model.

      Writes report.json (detach --layers @DIR/report.json reads the choice), report.html, figures/ with its pictures, report.h5 with every score of \
      every document, scores.csv, contrasts.csv and trials.csv, and the choice for other tools: unfrozen_parameters.yaml (Spectrum, \
      Axolotl), peft_lora.json, mergekit_slices.yaml.
      """)

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @Option(help: ArgumentHelp("The text in the language to learn.", valueName: "name=file"))
  var target: String
  @Option(help: ArgumentHelp("A text in a language to keep; may be repeated.", valueName: "name=file"))
  var source: [String]
  @Option(help: "The directory to write; must not exist or be empty.")
  var output: String
  @Option(help: "Score this many documents of each text, from its beginning.")
  var documents = 16
  @Option(help: "Cut each document at this many tokens.")
  var maxTokens = 512
  @Flag(help: "Documents of the texts say the same by their places. (default: where their ids are equal)")
  var inOrder = false
  @Option(help: "How many layers to select. (default: 2, or the only one)")
  var layers: Int?
  @Option(help: "Select layers with at most this share of the model's weights, in place of --layers.")
  var fraction: Double?
  @Option(help: "Try sets of layers by training for about this many minutes; 0 tries none.")
  var trialMinutes = 0.0
  @Option(help: "How many of the sets that are tried are random.")
  var trialRandomSets = 3
  @Option(help: "How often documents are drawn anew for the intervals.")
  var resamples = 2000
  @Option(help: "Seed of these draws.")
  var seed: UInt64 = 42
  @Flag(help: "Keep report.h5 small: single precision, without the documents' own matrices of states.")
  var compactArchive = false
  @Option(help: "Field of jsonl files that holds the text.")
  var textField = "text"
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard !source.isEmpty else { throw ValidationError("give at least one --source NAME=FILE") }
    guard documents > 1 else { throw ValidationError("--documents must be at least 2, for intervals over documents") }
    guard maxTokens > 0, (layers ?? 1) > 0, resamples > 0 else {
      throw ValidationError("--max-tokens, --layers and --resamples must be at least 1")
    }
    guard trialMinutes >= 0, trialMinutes.isFinite, trialRandomSets >= 0 else {
      throw ValidationError("--trial-minutes and --trial-random-sets must not be negative")
    }
    guard layers == nil || fraction == nil else { throw ValidationError("give --layers or --fraction, not both") }
    guard fraction.map({ $0 > 0 && $0 <= 1 }) ?? true else {
      throw ValidationError("--fraction must lie above 0 and not above 1")
    }
  }

  func run() throws {
    Interruption.listen()
    let model = try Checkpoint(directory: directory(checkpoint))
    let staging = try StagedDirectory(for: directory(output))
    let decoder = try Decoder(model, device: compute.device)
    let outline = ModelOutline(decoder, path: checkpoint, hashes: model.headerHashes)
    let budget = fraction.map { LayerBudget.fraction($0) } ?? .layers(layers ?? min(2, outline.layerCount))
    try budget.check(for: outline)
    guard maxTokens < decoder.configuration.maximumPositions else {
      throw ProbeError.contextTooShort(
        maximumTokens: maxTokens, positions: decoder.configuration.maximumPositions)
    }
    let tokenizer = try Tokenizer(directory: model.directory)
    let special = try SpecialTokens(directory: model.directory, tokenizer: tokenizer)
    let sources = try TextSource.list(arguments: [target] + source)
    let texts = try sources.map { source in
      let text = try TokenizedText(
        source: source, tokenizer: tokenizer, textField: textField, maximumDocuments: documents)
      return try ProbeText(text, tokenizer: tokenizer, maximumTokens: maxTokens)
    }
    warnOfUnrelated(texts)
    let trialTexts = try trialTexts(
      sources, behind: texts, vocabulary: decoder.configuration.vocabularySize, tokenizer, special, model)
    let gradients = TimedCriterion(Gradients())
    let probe = Probe(criteria: Probe.standardCriteria.map { $0 is Gradients ? gradients : $0 })
    let scores = try score(texts, on: ProbedModel(decoder: decoder, prefix: special.prefix), probe)
    let trials = try trialTexts.flatMap {
      try runTrials(
        TrialCandidates.sets(
          RankingEvidence(scores), budget: budget, model: outline, randomSets: trialRandomSets, seed: seed),
        texts: $0, model, maximumPositions: decoder.configuration.maximumPositions)
    }
    var report = try ProbeAnalysis(budget: budget, resamples: resamples, seed: seed).report(
      scores, model: outline, maximumTokens: maxTokens, trials: trials,
      command: ["elo-surgeon"] + CommandLine.arguments.dropFirst())
    report.costs = StageCosts(decoder, layers: report.selectedLayers, rate: gradients.rate)
    try scores.writeArchive(to: staging.url.appending(path: "report.h5"), detail: compactArchive ? .compact : .full)
    func write(_ data: Data, _ name: String) throws {
      try writeFile(Array(data), to: staging.url.appending(path: name))
    }
    try write(report.json(), "report.json")
    try write(Data(report.scoresCSV.utf8), "scores.csv")
    try write(Data(report.contrastsCSV.utf8), "contrasts.csv")
    if let trials = report.trialsCSV { try write(Data(trials.utf8), "trials.csv") }
    try write(Data(report.page.html.utf8), "report.html")
    try FileManager.default.createDirectory(
      at: staging.url.appending(path: "figures"), withIntermediateDirectories: true)
    for (number, figure) in report.page.figures.enumerated() {
      try write(Data(figure.svgFile.utf8), "figures/\(figure.fileName(number: number + 1)).svg")
    }
    // Other tools may run elsewhere, and take a name that is no path for one on a hub.
    var located = outline
    located.path = model.directory.standardizedFileURL.path(percentEncoded: false)
    for export in LayerExport.allCases {
      try write(Data(export.text(report.selectedLayers, of: located).utf8), export.fileName)
    }
    guard !Interruption.isRequested else { throw ProbeError.interrupted }
    try staging.commit()
    print(table(scores, selected: report.selectedLayers))
    print(report.verdict)
  }

  private func warnOfUnrelated(_ texts: [ProbeText]) {
    var line = ProgressLine()
    for source in texts.dropFirst()
    where !DocumentPairing(target: texts[0], source: source, inOrder: inOrder).isParallel {
      line.finish(
        "warning: the documents of \(texts[0].name) and \(source.name) share no id: they are compared by their places, "
          + "so that differences are of topics too, and retrieval and CKA between the languages are left out; give "
          + "documents that say the same one \"id\", or --in-order where they stand at the same places")
    }
  }

  private func score(_ texts: [ProbeText], on model: ProbedModel, _ probe: Probe) throws -> ProbeScores {
    var line = ProgressLine()
    let start = ContinuousClock.now
    func seconds() -> Double { Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000 }
    let scores = try probe.run(texts, on: model, inOrder: inOrder) { name, share in
      // The first passes are too few to tell the pace.
      let left = share > 0.02 ? seconds() * (1 - share) / share : nil
      line.show("scoring", fraction: share, details: name, secondsLeft: left)
      return !Interruption.isRequested
    }
    line.finish("scored in \(ProgressLine.clock(seconds()))")
    return scores
  }

  /// The mean of every ranking score on every text, a row for each layer.
  private func table(_ scores: ProbeScores, selected: [Int]) -> String {
    let columns = scores.ranking.filter { $0.description.subject == .text }.flatMap { score in
      scores.texts.indices.map { text in
        (name: "\(score.description.name) \(scores.texts[text].name)", values: score.means(ofText: text))
      }
    }
    let header = "layer  " + columns.map(\.name).joined(separator: "  ")
    let rows = (0..<scores.layerCount).map { layer in
      let values = columns.map { column in
        let value = String(format: "%.5f", column.values[layer])
        return String(repeating: " ", count: max(0, column.name.count - value.count)) + value
      }
      return String(format: "%4d", layer) + (selected.contains(layer) ? " * " : "   ")
        + values.joined(separator: "  ")
    }
    return ([header] + rows).joined(separator: "\n")
  }
}
