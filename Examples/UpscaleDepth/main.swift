// Makes a deeper model out of a checkpoint: depth up-scaling (SOLAR, arXiv 2312.15166) or block expansion (LLaMA Pro,
// arXiv 2401.02415), both to be trained further.
//
//   example-upscale-depth CHECKPOINT OUTPUT             two copies, the last and the first fifth left out at the seam
//   example-upscale-depth CHECKPOINT OUTPUT identity    every fourth layer is followed by a copy that adds nothing yet

import Checkpoints
import Foundation
import ModelSurgery

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 2 || (arguments.count == 3 && arguments[2] == "identity") else {
  print("usage: example-upscale-depth CHECKPOINT OUTPUT [identity]")
  exit(64)
}
let checkpoint = try Checkpoint(directory: URL(filePath: arguments[0]))
let depth = try DecoderLayout(checkpoint).layerCount
let isIdentity = arguments.count == 3
let order =
  isIdentity
  ? (0..<depth).flatMap { $0 % 4 == 3 ? ["\($0)", "\($0)"] : ["\($0)"] }.joined(separator: ",")
  : "0..<\(depth - depth / 5),\(depth / 5)..<\(depth)"

let plan = try RestackPlan(
  checkpoint: checkpoint, order: LayerSelection(order), makesCopiesIdentities: isIdentity)
for edit in plan.configEdits { print("\(edit.key): \(edit.old ?? "absent") -> \(edit.new), \(edit.reason)") }
try plan.execute(to: URL(filePath: arguments[1]))
print("\(depth) layers became \(plan.order.count), \(plan.diskNeeded) bytes")
