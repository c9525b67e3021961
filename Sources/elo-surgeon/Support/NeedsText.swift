import ELOTrain
import Foundation

/// What an adaptation needs, in words, and which method the machine would take as well.
enum NeedsText {
  /// Lines to print before the start.
  static func lines(
    _ needs: AdaptationNeeds, _ others: [Adaptation.Method: AdaptationNeeds], method: Adaptation.Method, memory: Int
  ) -> [String] {
    let stages = needs.stages.map { "\(method.label($0.stage)) \(gigabytes($0.bytes))" }.joined(separator: ", ")
    let elsewhere = Adaptation.Method.allCases.compactMap { other in
      others[other].map { "\(other.rawValue) \(gigabytes($0.greatest.bytes))" }
    }
    var lines = [
      "needs: memory \(stages) of \(gigabytes(memory)); disk \(gigabytes(needs.disk))"
        + (elsewhere.isEmpty ? "" : " (other methods: \(elsewhere.joined(separator: ", ")) of memory)")
    ]
    if !needs.fits(memory: memory) {
      lines.append(
        "warning: the weights do not stay in memory: every step reads what is missing from the disk again")
    }
    // Where both were measured, docs/method.md.
    if method == .elo,
      let roomy = [Adaptation.Method.full, .lora].first(where: { others[$0]?.fits(memory: memory) == true })
    {
      lines.append(
        "note: this machine has room for --method \(roomy.rawValue), which gained more than elo in equal time wherever both "
          + "were measured")
    }
    return lines
  }

  private static func gigabytes(_ bytes: Int) -> String { String(format: "%.1f GB", Double(bytes) / 1e9) }
}
