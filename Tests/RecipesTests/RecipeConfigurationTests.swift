import ELOTrain
import Foundation
import Recipes
import TestSupport
import Testing
import Yams

/// The YAML files of the recipes, parsed back.
@Suite struct RecipeConfigurationTests {
  private static let configured: [RecipeTrainer] = [.axolotl, .llamaFactory, .nemo, .msSwift, .mlx]
  private let options = TrainingOptions(
    budget: .steps(40), schedule: LearningRateSchedule(peak: 2e-4, warmupSteps: 10))

  @Test func `Axolotl unfreezes what begins with the layers' names`() throws {
    try withDetached { detached, _ in
      let model = try DetachedModel(directory: detached)
      let (recipe, settings) = try configuration(.axolotl, model)
      #expect(settings["base_model"] as? String == detached.path)
      #expect(settings["unfrozen_parameters"] as? [String] == ["^model.layers."])
      #expect((settings["datasets"] as? [[String: Any]])?.first?["path"] as? String == recipe.mixName)
      #expect(settings["max_steps"] as? Int == 40 && settings["micro_batch_size"] as? Int == 4)
      #expect(settings["gradient_accumulation_steps"] as? Int == 2 && settings["sequence_len"] as? Int == 512)
      #expect(settings["lr_scheduler"] as? String == "cosine" && settings["cosine_min_lr_ratio"] as? Double == 0.1)
      expectOptimizer(settings, rate: "learning_rate")
    }
  }

  @Test func `Axolotl's patterns name the layers of a scaffold apart, as no range of rows`() throws {
    try withDetached(frozen: "2,4") { detached, _ in
      let (_, settings) = try configuration(.axolotl, DetachedModel(directory: detached))
      let patterns = try #require(settings["unfrozen_parameters"] as? [String])
      #expect(patterns == ["^model.layers.0.", "^model.layers.3."])
      #expect(patterns.allSatisfy { !$0.hasSuffix("]") })
    }
  }

  @Test func `LLaMA-Factory trains all layers, counted from the end, of one list of texts`() throws {
    try withDetached { detached, _ in
      let (recipe, settings) = try configuration(.llamaFactory, DetachedModel(directory: detached))
      #expect(settings["stage"] as? String == "pt" && settings["finetuning_type"] as? String == "freeze")
      #expect(settings["freeze_trainable_layers"] as? Int == 2)
      #expect(settings["freeze_trainable_modules"] as? String == "all")
      #expect(settings["packing"] == nil && settings["cutoff_len"] as? Int == 512)
      #expect((settings["lr_scheduler_kwargs"] as? [String: Double]) == ["min_lr_rate": 0.1])
      expectOptimizer(settings, rate: "learning_rate")
      let info = try JSONSerialization.jsonObject(with: Data(file("dataset_info.json", of: recipe).utf8))
      let mix = try #require((info as? [String: [String: Any]])?[settings["dataset"] as? String ?? ""])
      #expect(
        mix["file_name"] as? String == recipe.mixName && mix["columns"] as? [String: String] == ["prompt": "text"])
      #expect(recipe.commands == ["llamafactory-cli train llamafactory.yaml"])
    }
  }

  @Test func `LLaMA-Factory counts trained layers from the beginning where the last ones stay frozen`() throws {
    try withDetached(layers: "0,1", frozen: "4") { detached, _ in
      let (_, settings) = try configuration(.llamaFactory, DetachedModel(directory: detached))
      #expect(settings["freeze_trainable_layers"] as? Int == -2)
    }
  }

  @Test(arguments: [RecipeTrainer.llamaFactory, .mlx])
  func `a scaffold between trained layers is refused where it cannot be said`(_ trainer: RecipeTrainer) throws {
    try withDetached(frozen: "3") { detached, _ in
      let model = try DetachedModel(directory: detached)
      #expect(throws: RecipeError.scaffoldNotKnown(trainer, frozen: [1], layerCount: 3)) {
        try configuration(trainer, model)
      }
    }
  }

  @Test func `NeMo AutoModel freezes embedding, norm and scaffold by their modules`() throws {
    try withDetached(frozen: "3") { detached, _ in
      let (recipe, settings) = try configuration(.nemo, DetachedModel(directory: detached))
      let frozen = (settings["freeze_config"] as? [String: [[String: String]]])?["freeze_modules"]
      #expect(frozen?.compactMap { $0["path"] } == ["model.embed_tokens", "model.norm", "model.layers.1"])
      let optimizer = try #require(settings["optimizer"] as? [String: Any])
      #expect(optimizer["betas"] as? [Double] == [0.9, 0.95] && optimizer["lr"] as? Double == 2e-4)
      #expect(optimizer["weight_decay"] as? Double == 0.1 && optimizer["eps"] as? Double == 1e-8)
      #expect((settings["clip_grad_norm"] as? [String: Double]) == ["max_norm": 1])
      let rows = try #require(settings["dataset"] as? [String: Any])
      #expect(rows["prefix"] as? [Int] == [256] && rows["end"] as? [Int] == [257] && rows["length"] as? Int == 512)
      #expect(rows["path"] as? String == recipe.mixName)
      let schedule = try #require(settings["lr_scheduler"] as? [String: Any])
      #expect(abs((schedule["min_lr"] as? Double ?? 0) - 2e-5) < 1e-12)
    }
  }

  @Test func `ms-swift freezes everything, then unfreezes the layers`() throws {
    try withDetached { detached, _ in
      let (_, settings) = try configuration(.msSwift, DetachedModel(directory: detached))
      #expect(settings["tuner_type"] as? String == "full" && settings["model_type"] as? String == "llama")
      #expect(settings["freeze_parameters_ratio"] as? Double == 1)
      #expect(settings["trainable_parameters"] as? [String] == ["model.layers."])
      #expect(settings["torch_dtype"] as? String == "float32" && settings["bf16"] as? Bool == true)
      expectOptimizer(settings, rate: "learning_rate")
    }
  }

  @Test func `mlx-lm counts parts of steps and no more layers than there are`() throws {
    try withDetached { detached, _ in
      let (recipe, settings) = try configuration(.mlx, DetachedModel(directory: detached))
      #expect(settings["fine_tune_type"] as? String == "full" && settings["num_layers"] as? Int == 2)
      #expect(settings["batch_size"] as? Int == 4 && settings["grad_accumulation_steps"] as? Int == 2)
      #expect(settings["iters"] as? Int == 80 && recipe.mixName == "data/train.jsonl")
      let adamW = (settings["optimizer_config"] as? [String: [String: Any]])?["adamw"]
      #expect(adamW?["betas"] as? [Double] == [0.9, 0.95] && adamW?["bias_correction"] as? Bool == true)
      let schedule = try #require(settings["lr_schedule"] as? [String: Any])
      #expect(schedule["warmup"] as? Int == 10)
      let arguments = try #require(schedule["arguments"] as? [Any])
      #expect(arguments[0] as? Double == 2e-4 && arguments[1] as? Int == 30)
    }
  }

  @Test(arguments: configured)
  func `numbers are numbers to PyYAML, which takes 2e-4 for a word`(_ trainer: RecipeTrainer) throws {
    try withDetached { detached, _ in
      let recipe = try TrainingRecipe(
        for: trainer, DetachedModel(directory: detached), options: options, useBridges: true)
      let text = try file("\(trainer.rawValue).yaml", of: recipe)
      #expect(try text.contains(Regex(#"[0-9]\.[0-9]+e-[0-9]+"#)))
      #expect(try !text.contains(Regex(#"[: ][0-9]+e-[0-9]"#)))
    }
  }

  @Test(arguments: RecipeTrainer.allCases)
  func `bridges come with the code that applies them, or are refused`(_ trainer: RecipeTrainer) throws {
    try withDetached(bridges: [0]) { detached, _ in
      let model = try DetachedModel(directory: detached)
      func recipe(_ useBridges: Bool) throws -> TrainingRecipe {
        try TrainingRecipe(for: trainer, model, options: options, useBridges: useBridges)
      }
      let without = try recipe(false)
      #expect(!without.usesBridges && !without.files.contains { $0.text.contains("bridge.safetensors") })
      #expect(without.page(model, directory: detached).contains("The bridges behind layer 0 are left out."))
      guard trainer != .nemo else {
        let error = #expect(throws: RecipeError.self) { try recipe(true) }
        #expect("\(error!)".contains("--bridge none"))
        return
      }
      let with = try recipe(true)
      #expect(with.usesBridges && with.files.contains { $0.text.contains("elo/bridge.safetensors") })
      #expect(with.page(model, directory: detached).contains("Bridges behind layer 0 stand in"))
    }
  }

  @Test(arguments: RecipeTrainer.allCases)
  func `the page says how the result returns`(_ trainer: RecipeTrainer) throws {
    try withDetached(bridges: [0]) { detached, directory in
      let model = try DetachedModel(directory: detached)
      let recipe = try TrainingRecipe(for: trainer, model, options: options, useBridges: trainer != .nemo)
      let page = recipe.page(model, directory: directory.appending(path: "a recipe"))
      #expect(page.contains("cd '\(directory.path)/a recipe'\n"))
      #expect(page.contains("elo-surgeon attach \(recipe.result) --to BASE --cast --output adapted"))
      let copy = "cp -r \(detached.path)/surgery.json \(detached.path)/elo \(recipe.result)/"
      #expect(page.contains(copy) != recipe.resultHasManifest)
    }
  }

  private func configuration(
    _ trainer: RecipeTrainer, _ model: DetachedModel
  ) throws -> (recipe: TrainingRecipe, settings: [String: Any]) {
    let recipe = try TrainingRecipe(for: trainer, model, options: options, useBridges: true)
    let settings = try Yams.load(yaml: file("\(trainer.rawValue).yaml", of: recipe)) as? [String: Any]
    return (recipe, try #require(settings))
  }

  private func file(_ name: String, of recipe: TrainingRecipe) throws -> String {
    try #require(recipe.files.first { $0.name == name }).text
  }

  /// What the trainers on `transformers` share.
  private func expectOptimizer(_ settings: [String: Any], rate: String) {
    #expect(settings[rate] as? Double == 2e-4 && settings["warmup_steps"] as? Int == 10)
    #expect(settings["adam_beta1"] as? Double == 0.9 && settings["adam_beta2"] as? Double == 0.95)
    #expect(settings["adam_epsilon"] as? Double == 1e-8 && settings["weight_decay"] as? Double == 0.1)
    #expect(settings["max_grad_norm"] as? Double == 1 && settings["seed"] as? Int == 42)
  }
}
