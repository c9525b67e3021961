import ArgumentParser
import BenchmarkModels
import CRegisterPeak
import Checkpoints
import Decoders
import Foundation

/// Times the products of a model's layers and head by everything that multiplies on this processor, and multiply-adds on
/// the processor's widest registers alone, in turns, and prints a Markdown table of medians.
///
/// Rates are per second of processor time, so that other programs on the machine disturb them little.
@main
struct ProductBenchmark: ParsableCommand {
  @Option(help: "The model's shape.") var model = NamedShape.smollm2
  @Option(help: "Tokens of a product.") var tokens = 1_024
  @Option(help: "Rounds of which the median is taken.") var rounds = 7
  @Option(help: "Threads; rates are of all of them together.") var threads = 1
  @Flag(help: "Print one line of JSON instead.") var json = false

  /// One product `y = x wᵀ` with w `[outputs, inputs]`, forward or backward.
  private struct Product {
    enum Kind: String, CaseIterable {
      case forward = "y = x wᵀ"
      case input = "dx = dy w"
      case weight = "dw += dyᵀ x"
    }
    let name: String
    let kind: Kind
    let outputs: Int
    let inputs: Int
  }

  func run() throws {
    let model = model.shape
    let matrices = [
      ("query", model.heads * model.headWidth, model.width), ("key", model.keyHeads * model.headWidth, model.width),
      ("gate", model.innerWidth, model.width), ("down", model.width, model.innerWidth),
    ]
    var products = matrices.flatMap { matrix in
      Product.Kind.allCases.map { Product(name: matrix.0, kind: $0, outputs: matrix.1, inputs: matrix.2) }
    }
    products += [.forward, .input].map {
      Product(name: "4096 of the head", kind: $0, outputs: 4096, inputs: model.width)
    }
    let hasRegisterPeak = register_peak_flops(1) > 0
    var lines: [[String: Any]] = []
    for product in products {
      let runners = MatrixProducts.supported.map { ($0.argument, runner(product, $0)) }
      var rates: [String: [Double]] = [:]
      for _ in 0..<rounds {
        if hasRegisterPeak {
          let peak = Self.rate(register_peak_flops(2_000_000)) { _ = register_peak_run(2_000_000) }
          rates["registers", default: []].append(peak * Double(threads))
        }
        for (name, run) in runners { rates[name, default: []].append(run()) }
      }
      var line: [String: Any] = rates.mapValues { $0.sorted()[rounds / 2] }
      line["product"] = "\(product.name), \(product.kind.rawValue)"
      line["shape"] = "\(tokens) x \(product.outputs) x \(product.inputs)"
      lines.append(line)
    }
    if json { return print(String(decoding: try JSONSerialization.data(withJSONObject: lines), as: UTF8.self)) }
    let columns = (hasRegisterPeak ? ["registers"] : []) + MatrixProducts.supported.map(\.argument)
    print("| product | tokens x out x in | " + columns.map { "\($0), GFLOP/s" }.joined(separator: " | ") + " |")
    print(String(repeating: "|---", count: columns.count + 2) + "|")
    for line in lines {
      let values = columns.map { String(format: "%.0f", (line[$0] as? Double ?? .nan) / 1e9) }
      print("| \(line["product"]!) | \(line["shape"]!) | " + values.joined(separator: " | ") + " |")
    }
  }

  /// A product on one device, ready to be timed, as often as makes about 0.2 s.
  private func runner(_ product: Product, _ products: MatrixProducts) -> () -> Double {
    let device = CPUDevice(threads: threads, products: products)
    let x = random(device, tokens, product.inputs)
    let y = random(device, tokens, product.outputs)
    let weight = random(device, product.outputs, product.inputs)
    let flops = 2 * Double(tokens * product.outputs * product.inputs)
    let repetitions = max(1, Int(4e10 / flops))
    let threads = threads
    return {
      Self.rate(flops * Double(repetitions)) {
        for _ in 0..<repetitions {
          switch product.kind {
          case .forward: device.linear(x, weight, into: y, accumulate: false)
          case .input: device.linearBackwardInput(y, weight, into: x, accumulate: false)
          case .weight: device.linearBackwardWeight(y, x, into: weight)
          }
        }
      } * Double(threads)
    }
  }

  private func random(_ device: CPUDevice, _ rows: Int, _ columns: Int) -> Tensor {
    let tensor = device.makeTensor(rows: rows, columns: columns)
    device.upload((0..<rows * columns).map { Float($0 &* 7919 % 1013) / 1013 - 0.5 }, to: tensor)
    return tensor
  }

  /// Operations per second of processor time.
  private static func rate(_ flops: Double, _ body: () -> Void) -> Double {
    let start = seconds()
    body()
    return flops / (seconds() - start)
  }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
