// swift-tools-version: 6.2
// The architecture on one page: which targets there are and who may import whom.
//
//   kefu ──► KefuServer, KefuEngine, KefuRedis, KefuOutbound, KefuAdapter, KefuMetrics, KefuConnector ──► KefuCore
//                 └───────────────────────── KefuSocket ─────────────────────────────────────┘
//
// Those in the middle never import each other: they meet at the ports that KefuCore owns (`TaskStore`,
// `ActionExecutor`, `MessageGateway`, `CallbackTransport`, `PlatformDialect`, `PlatformTransport`, `ConnectorLease`).
// What a WebSocket connection is, whoever opened it, KefuSocket knows for two of them. `make lint` and CI
// build with `--explicit-target-dependency-import-check error`, so the compiler holds these arrows.
import PackageDescription

/// One Lua file an operation; `prelude`, `matching` and `leasing` are inserted behind the first line of each
/// of the others.
let scripts = [
    "prelude", "matching", "leasing", "receive", "match", "cancel", "retry", "fire", "update", "status", "list",
    "stats", "history", "callbacks", "replay_callbacks", "claim", "renew", "finish", "release", "sweep",
    "settle_callback", "heartbeat",
    "leave", "fence", "hold_connector", "release_connector", "inspect", "rearm", "recount",
]

/// What the pages for people are made of; `Pages/Assets.swift` says where each is served.
let pages = [
    "Dashboard/index.html",
    "Dashboard/base.css", "Dashboard/parts.css", "Dashboard/views.css", "Dashboard/actions.js", "Dashboard/api.js",
    "Dashboard/bulk.js", "Dashboard/chart.js", "Dashboard/dialogs.js", "Dashboard/dom.js", "Dashboard/failures.js",
    "Dashboard/live.js", "Dashboard/look.js", "Dashboard/main.js", "Dashboard/now.js", "Dashboard/pages.js",
    "Dashboard/parts.js", "Dashboard/plain.js", "Dashboard/rows.js", "Dashboard/task.js", "Dashboard/tasks.js",
    "Dashboard/terms.js", "Dashboard/time.js", "Dashboard/timeline.js", "Dashboard/try.js",
    "Description/openapi.json", "Description/docs.html", "Description/docs.css", "Description/docs.js",
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let embedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "kefu",
    products: [.executable(name: "kefu", targets: ["kefu"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // C libraries of the system, as Debian ships them.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // Of the C library, for the benchmark's load generator.
        .systemLibrary(name: "CEpoll"),

        // What a task is and what may happen to it. No I/O, no clock.
        .target(name: "KefuCore", dependencies: [crypto], swiftSettings: settings),

        // A WebSocket connection behind its handshake, on either side.
        .target(
            name: "KefuSocket",
            dependencies: ["KefuCore", crypto, log, .product(name: "NIOWebSocket", package: "swift-nio")] + nio,
            swiftSettings: settings),

        // The sides that meet at the ports.
        .target(
            name: "KefuRedis", dependencies: ["KefuCore", "CHiredis", crypto, log, metrics] + nio,
            resources: scripts.map { .embedInCode("../../lua/\($0).lua") }, swiftSettings: settings),
        .target(name: "KefuOutbound", dependencies: ["KefuCore", "CCurl", crypto, log], swiftSettings: settings),
        // How a platform speaks, by a file.
        .target(
            name: "KefuAdapter", dependencies: ["KefuCore", .product(name: "Mustache", package: "swift-mustache")],
            swiftSettings: settings),
        .target(name: "KefuEngine", dependencies: ["KefuCore", lifecycle, log, metrics], swiftSettings: settings),
        // Keeps what the others measure, and writes it down for Prometheus.
        .target(name: "KefuMetrics", dependencies: ["KefuCore", metrics], swiftSettings: settings),
        .target(
            name: "KefuConnector",
            dependencies: [
                "KefuCore", "KefuSocket", lifecycle, log, .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio, swiftSettings: settings),
        .target(
            name: "KefuServer",
            dependencies: [
                "KefuCore", "KefuSocket", lifecycle, log, crypto, metrics,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
            ] + nio, resources: pages.map { .embedInCode($0) }, swiftSettings: settings),

        // The command: arguments, settings, wiring.
        .executableTarget(
            name: "kefu",
            dependencies: [
                "KefuCore", "KefuServer", "KefuEngine", "KefuRedis", "KefuOutbound", "KefuAdapter", "KefuConnector",
                "KefuMetrics", lifecycle, log, metrics,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
            ] + nio, swiftSettings: settings),

        // The benchmark, not part of the product.
        .executableTarget(
            name: "KefuBench",
            dependencies: [
                "KefuCore", "KefuSocket", "CEpoll", .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio, swiftSettings: settings),

        // Tests: a suite a target, one support target for all.
        .target(
            name: "TestSupport",
            dependencies: ["KefuCore", "KefuRedis", log, .product(name: "NIOHTTP1", package: "swift-nio")] + nio,
            path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(name: "KefuCoreTests", dependencies: ["KefuCore", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "KefuEngineTests", dependencies: ["KefuEngine", "KefuCore", "KefuMetrics", lifecycle, log, metrics],
            swiftSettings: settings),
        .testTarget(
            name: "KefuMetricsTests", dependencies: ["KefuMetrics", "KefuCore", "TestSupport", metrics],
            swiftSettings: settings),
        .testTarget(
            name: "KefuOutboundTests",
            dependencies: ["KefuCore", "KefuOutbound", "TestSupport", crypto, log] + nio, swiftSettings: settings),
        .testTarget(
            name: "KefuAdapterTests", dependencies: ["KefuAdapter", "KefuCore", "KefuOutbound", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "KefuRedisTests",
            dependencies: ["KefuCore", "KefuRedis", "KefuMetrics", "TestSupport", log, metrics, embedded] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "kefu", "KefuCore", "KefuRedis", "KefuServer", "KefuEngine", "KefuOutbound", "KefuAdapter",
                "TestSupport", log,
            ] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "KefuSocketTests",
            dependencies: [
                "KefuSocket", "KefuCore", "TestSupport", log, embedded,
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ] + nio, swiftSettings: settings),
        .testTarget(
            name: "KefuConnectorTests",
            dependencies: ["KefuConnector", "KefuSocket", "KefuCore", "TestSupport", log] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "KefuServerTests",
            dependencies: [
                "KefuServer", "KefuCore", "KefuMetrics", "TestSupport", log, lifecycle, metrics, embedded,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio,
            swiftSettings: settings),
        .testTarget(name: "KefuBenchTests", dependencies: ["KefuBench"], swiftSettings: settings),
        // Rules over the files themselves: style, arrows of imports, what documents must not lag behind.
        .testTarget(name: "TidyTests", swiftSettings: settings),
        // Real processes. Depends on the command so that it is built beside the test bundle.
        .testTarget(
            name: "EndToEndTests", dependencies: ["kefu", "KefuRedis", "KefuMetrics", "TestSupport", crypto] + nio,
            exclude: ["Peers"],
            swiftSettings: settings),
        // Real processes while everything around them breaks, and a checker of what they did (`make chaos`).
        .testTarget(
            name: "ChaosTests", dependencies: ["kefu", "KefuRedis", "TestSupport"] + nio, swiftSettings: settings),
    ]
)
