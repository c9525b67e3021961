import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Old and new spellings of config.json mean what `transformers` takes them for.
@Suite struct ConfigSpellingTests {
  /// A config as published, and what `transformers` writes once it has read it.
  struct Spelling: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let given: [UInt8]
    let meant: [UInt8]

    static let all: [Spelling] = {
      let rows =
        (try? JSONSerialization.jsonObject(with: Data(contentsOf: fixture("families/configs.json")))) as? [[Any]]
      return (rows ?? []).compactMap { row in
        guard let name = row[0] as? String, let given = try? JSONSerialization.data(withJSONObject: row[1]),
          let meant = try? JSONSerialization.data(withJSONObject: row[2])
        else { return nil }
        return Spelling(testDescription: name, given: Array(given), meant: Array(meant))
      }
    }()
  }

  @Test(arguments: Spelling.all)
  func aSpellingMeansWhatTransformersTakesItFor(_ spelling: Spelling) throws {
    let given = try DecoderConfiguration(ConfigText(spelling.given, path: "given"))
    let meant = try DecoderConfiguration(ConfigText(spelling.meant, path: "meant"))
    if given != meant { Issue.record("\(spelling.testDescription): \(differences(given, meant))") }
  }

  private func differences(_ given: DecoderConfiguration, _ meant: DecoderConfiguration) -> [String] {
    zip(Mirror(reflecting: given).children, Mirror(reflecting: meant).children).compactMap { given, meant in
      let (value, expected) = (String(describing: given.value), String(describing: meant.value))
      return value == expected ? nil : "\(given.label ?? "") is \(value), not \(expected)"
    }
  }

  @Test func everyFamilyIsSpelled() {
    let spelled = Spelling.all.compactMap { try? ConfigText($0.given, path: "given")["model_type"]?.string }
    #expect(Set(Architecture.known.keys).subtracting(spelled) == ["stablelm_epoch"])
  }
}
