// swift-tools-version: 6.1
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

let package = Package(
  name: "elo-surgeon",
  products: [
    .library(name: "JSONText", targets: ["JSONText"]),
    .library(name: "Checkpoints", targets: ["Checkpoints"]),
    .library(name: "Tokenizers", targets: ["Tokenizers"]),
    .library(name: "ChatTemplates", targets: ["ChatTemplates"]),
    .library(name: "Corpora", targets: ["Corpora"]),
    .library(name: "Decoders", targets: ["Decoders"]),
    .library(name: "Figures", targets: ["Figures"]),
    .library(name: "LayerProbe", targets: ["LayerProbe"]),
    .library(name: "ModelSurgery", targets: ["ModelSurgery"]),
    .library(name: "ELOTrain", targets: ["ELOTrain"]),
    .library(name: "Recipes", targets: ["Recipes"]),
    .library(name: "LayerTrials", targets: ["LayerTrials"]),
    .executable(name: "elo-surgeon", targets: ["elo-surgeon"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // System libraries. CGSL has no pkgConfig: gsl.pc would link gslcblas in front of OpenBLAS.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CGSL", providers: [.apt(["libgsl-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

    .target(name: "CKernels"),
    .target(name: "JSONText"),
    .target(name: "Figures"),
    .target(name: "EventFiles"),
    .target(name: "Checkpoints", dependencies: ["JSONText", collections]),
    .target(name: "Tokenizers", dependencies: ["JSONText", heap]),
    .target(name: "ChatTemplates", dependencies: ["JSONText"]),
    .target(name: "Corpora", dependencies: ["Tokenizers", "JSONText", "CZlib", "CZstd", crypto]),
    .target(name: "Decoders", dependencies: ["Checkpoints", "COpenBLAS", "CKernels"]),
    .target(
      name: "LayerProbe",
      dependencies: ["JSONText", "Checkpoints", "Decoders", "Corpora", "Figures", "CGSL", "CHDF5"]),
    .target(name: "ModelSurgery", dependencies: ["JSONText", "Checkpoints", collections, crypto]),
    .target(name: "ELOTrain", dependencies: ["Decoders", "Corpora", "ModelSurgery", "Figures"]),
    .target(
      name: "Recipes",
      dependencies: ["JSONText", "Checkpoints", "Tokenizers", "Decoders", "ModelSurgery", "ELOTrain", yams]),
    .target(
      name: "LayerTrials", dependencies: ["Checkpoints", "Tokenizers", "Corpora", "Decoders", "LayerProbe", "ELOTrain"]),
    .executableTarget(
      name: "elo-surgeon",
      dependencies: [
        "JSONText", "Checkpoints", "Tokenizers", "ChatTemplates", "Corpora", "Decoders", "LayerProbe", "ModelSurgery",
        "ELOTrain",
        "LayerTrials", "Recipes", "EventFiles", "Figures", argumentParser, yams,
      ]),

    .target(name: "TestSupport", dependencies: ["JSONText", "Checkpoints"], path: "Tests/TestSupport"),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "TestSupport"]),
    .testTarget(name: "JSONTextTests", dependencies: ["JSONText"]),
    .testTarget(name: "FiguresTests", dependencies: ["Figures", "TestSupport"]),
    .testTarget(name: "EventFilesTests", dependencies: ["EventFiles", "TestSupport"]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "TestSupport"]),
    .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers", "TestSupport"]),
    .testTarget(name: "ChatTemplatesTests", dependencies: ["ChatTemplates", "JSONText", "TestSupport"]),
    .testTarget(name: "CorporaTests", dependencies: ["Corpora", "TestSupport"]),
    .testTarget(name: "DecodersTests", dependencies: ["Decoders", "TestSupport"]),
    .testTarget(name: "LayerProbeTests", dependencies: ["LayerProbe", "TestSupport"]),
    .testTarget(name: "ModelSurgeryTests", dependencies: ["ModelSurgery", "TestSupport"]),
    .testTarget(name: "ELOTrainTests", dependencies: ["ELOTrain", "TestSupport"]),
    .testTarget(
      name: "RecipesTests",
      dependencies: ["Recipes", "ELOTrain", "ModelSurgery", "Checkpoints", "TestSupport", yams]),
    .testTarget(
      name: "LayerTrialsTests",
      dependencies: ["LayerTrials", "LayerProbe", "ELOTrain", "ModelSurgery", "Corpora", "Decoders", "TestSupport"]),
    .testTarget(name: "CommandLineTests", dependencies: ["elo-surgeon", "JSONText", "Checkpoints", "TestSupport"]),

    .executableTarget(
      name: "example-detach-and-attach", dependencies: ["Checkpoints", "ModelSurgery"],
      path: "Examples/DetachAndAttach"),
    .executableTarget(
      name: "example-upscale-depth", dependencies: ["Checkpoints", "ModelSurgery"], path: "Examples/UpscaleDepth"),
    .executableTarget(
      name: "example-score-a-text", dependencies: ["Checkpoints", "Corpora", "Decoders", "ELOTrain"],
      path: "Examples/ScoreAText"),
    .executableTarget(
      name: "draw-layers", dependencies: ["LayerProbe", "Figures"], path: "notebooks-data/DrawLayers"),
    .executableTarget(
      name: "example-analyse-again", dependencies: ["LayerProbe"], path: "Examples/AnalyseAgain"),
    .executableTarget(
      name: "example-probe-layers",
      dependencies: ["Checkpoints", "Corpora", "Decoders", "LayerProbe", "Tokenizers"], path: "Examples/ProbeLayers"),

    .target(
      name: "BenchmarkModels", dependencies: ["Checkpoints", "Decoders", argumentParser],
      path: "Benchmarks/BenchmarkModels"),
    .target(name: "CRegisterPeak", path: "Benchmarks/CRegisterPeak"),
    .executableTarget(
      name: "step-benchmark", dependencies: ["BenchmarkModels", "Checkpoints", "Decoders", "ELOTrain", argumentParser],
      path: "Benchmarks/step-benchmark"),
    .executableTarget(
      name: "product-benchmark", dependencies: ["BenchmarkModels", "CRegisterPeak", "Decoders", argumentParser],
      path: "Benchmarks/product-benchmark"),
    .executableTarget(
      name: "growth-benchmark", dependencies: ["BenchmarkModels", "Figures", argumentParser],
      path: "Benchmarks/growth-benchmark"),
  ],
  swiftLanguageModes: [.v6]
)
