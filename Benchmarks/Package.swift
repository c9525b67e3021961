// swift-tools-version: 6.1
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let checkpoints = Target.Dependency.product(name: "Checkpoints", package: "elo-surgeon")
let decoders = Target.Dependency.product(name: "Decoders", package: "elo-surgeon")

let package = Package(
  name: "Benchmarks",
  dependencies: [
    .package(name: "elo-surgeon", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .target(name: "BenchmarkModels", dependencies: [checkpoints, argumentParser]),
    .target(name: "CRegisterPeak"),
    .executableTarget(
      name: "step-benchmark",
      dependencies: [
        "BenchmarkModels", checkpoints, decoders, .product(name: "ELOTrain", package: "elo-surgeon"), argumentParser,
      ]),
    .executableTarget(
      name: "product-benchmark", dependencies: ["BenchmarkModels", "CRegisterPeak", decoders, argumentParser]),
  ],
  swiftLanguageModes: [.v6]
)
