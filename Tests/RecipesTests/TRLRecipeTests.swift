import ELOTrain
import Foundation
import Recipes
import TestSupport
import Testing

@Suite struct TRLRecipeTests {
  private let options = TrainingOptions(
    budget: .tokens(100_000), schedule: LearningRateSchedule(peak: 2e-4, warmupSteps: 10))

  @Test func `the script has the settings of pretrain`() throws {
    try withDetached { detached, _ in
      let recipe = try TrainingRecipe(for: .trl, DetachedModel(directory: detached), options: options, useBridges: true)
      #expect(recipe.files.map(\.name) == ["train.py"])
      let script = recipe.files[0].text
      let constants = assignments(script)
      #expect(constants["MODEL"] == "\"\(detached.path)\"")
      #expect(constants["TRAINED"] == #"("model.layers.",)"#)
      #expect(constants["BRIDGES"] == "None")
      #expect(constants["STEPS"] == "25" && constants["BATCH"] == "8" && constants["PART"] == "4")
      #expect(constants["LENGTH"] == "512" && constants["PREFIX"] == "[256]" && constants["END"] == "[257]")
      for setting in [
        "learning_rate=0.0002", "lr_scheduler_type=\"cosine_with_min_lr\"", "{\"min_lr_rate\": 0.1}", "warmup_steps=10",
        "adam_beta1=0.9", "adam_beta2=0.95", "adam_epsilon=1.0e-08", "weight_decay=0.1", "max_grad_norm=1.0", "seed=42",
      ] { #expect(script.contains("\(setting),"), "\(setting)") }
    }
  }

  @Test func `layers of a scaffold are not among the trained names, and bridges come with a module`() throws {
    try withDetached(frozen: "3", bridges: [0, 1]) { detached, _ in
      let model = try DetachedModel(directory: detached)
      let recipe = try TrainingRecipe(for: .trl, model, options: options, useBridges: true)
      #expect(recipe.files.map(\.name) == ["train.py", "elo_bridge.py"])
      let constants = assignments(recipe.files[0].text)
      #expect(constants["TRAINED"] == #"("model.layers.0.", "model.layers.2.",)"#)
      #expect(constants["BRIDGES"] == #"f"{MODEL}/elo/bridge.safetensors""#)
      let without = try TrainingRecipe(for: .trl, model, options: options, useBridges: false)
      #expect(without.files.map(\.name) == ["train.py"])
      #expect(assignments(without.files[0].text)["BRIDGES"] == "None")
    }
  }

  @Test func `a budget in minutes and schedules without a name elsewhere are refused`() throws {
    try withDetached { detached, _ in
      let model = try DetachedModel(directory: detached)
      var other = options
      other.budget = .minutes(3)
      #expect(throws: RecipeError.noSteps) {
        try TrainingRecipe(for: .trl, model, options: other, useBridges: true)
      }
      other = options
      other.schedule.shape = .wsd
      #expect(throws: RecipeError.scheduleNotKnown("wsd")) {
        try TrainingRecipe(for: .trl, model, options: other, useBridges: true)
      }
    }
  }

  /// The constants at the top of a script.
  private func assignments(_ script: String) -> [String: String] {
    Dictionary(
      script.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: " = ", maxSplits: 1)
        guard parts.count == 2, parts[0].allSatisfy(\.isUppercase) else { return nil }
        let value = parts[1].split(separator: "  #", maxSplits: 1)[0]
        return (String(parts[0]), value.trimmingCharacters(in: .whitespaces))
      }, uniquingKeysWith: { first, _ in first })
  }
}
