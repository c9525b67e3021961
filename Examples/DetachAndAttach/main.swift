// Cuts the first and the last layer out of a checkpoint and puts them back.
//
//   example-detach-and-attach CHECKPOINT DETACHED RESTORED

import Checkpoints
import Foundation
import ModelSurgery

let paths = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard paths.count == 3 else {
  print("usage: example-detach-and-attach CHECKPOINT DETACHED RESTORED")
  exit(64)
}
let base = try Checkpoint(directory: paths[0])
let plan = try DetachPlan(checkpoint: base, layers: .firstAndLast)
print("layers \(plan.layers) of \(plan.layout.layerCount): \(plan.moves.count) tensors, \(plan.byteCount) bytes")
try plan.execute(to: paths[1])

// ... train paths[1] with anything that reads and writes Hugging Face checkpoints ...

let outcome = try AttachPlan(trained: Checkpoint(directory: paths[1]), base: base).execute(to: paths[2])
print("\(outcome.changed.count) tensors changed")
