import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import TestSupport
import Testing

@Suite struct EvaluatorTests {
  @Test(arguments: [1, 2, 7, 16, 100])
  func everyTokenIsScoredOnceAndTheLastWindowReachesBack(_ context: Int) {
    for length in [0, 1, 2, 6, 7, 8, 15, 16, 17, 50] {
      let tokens = (0..<length).map { UInt32(10 + $0) }
      let windows = Evaluator(context: context, prefix: 1).windows(of: tokens, document: 0)
      let scored = windows.flatMap { $0.targets.filter { $0 >= 0 } }
      #expect(scored == tokens.map { Int32($0) })
      for window in windows {
        #expect(window.ids.count == min(context, length))
        for (id, target) in zip(window.ids, window.targets) where target >= 0 {
          #expect(target == (id == 1 ? 10 : id + 1), "a target follows its token")
        }
      }
    }
  }

  @Test func scoresDoNotDependOnWhatIsComputedTogether() throws {
    try withTinyModel { model, texts, _ in
      let decoder = try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: 2))
      let evaluator = Evaluator(context: 64, prefix: 256)
      let text = texts.scored.texts[0]
      let together = try evaluator.score(text, with: decoder)
      let alone = try (0..<20).map { document in
        try evaluator.score(text.selecting([document]), with: decoder).nll
      }
      for (document, nll) in alone.enumerated() {
        #expect(abs(together.perDocument[document].nll / nll - 1) < 1e-5)
      }
      #expect(together.tokens == text.tokenCount)
      #expect(together.bytes == text.byteCount)
      #expect(abs(together.perDocument.reduce(0) { $0 + $1.nll } / together.nll - 1) < 1e-12)
    }
  }
}
