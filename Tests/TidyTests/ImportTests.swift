import Testing

/// The arrows of the architecture, as `Package.swift` draws them.
@Suite struct ImportTests {
    private static let middle: Set<String> = [
        "KefuServer", "KefuEngine", "KefuRedis", "KefuOutbound", "KefuAdapter", "KefuMetrics", "KefuConnector",
    ]
    private static let own = middle.union(["KefuCore", "KefuSocket", "TestSupport", "kefu", "KefuBench"])
    /// Who may know what a WebSocket connection is.
    private static let sockets: Set<String> = ["KefuServer", "KefuConnector"]
    /// Where the Swift types of C libraries may be seen, besides Core's neighbours.
    private static let pointers = [
        "CHiredis": "Sources/KefuRedis/Client/", "CCurl": "Sources/KefuOutbound/Transport/",
        "CEpoll": "Sources/KefuBench/Load/",
    ]
    /// Normalization forms and time zones are Foundation's; nothing else on the way of a request is.
    private static let foundationInCore: Set<String> = [
        "Reading/Identifier.swift", "Matching/FoldingTable.swift", "Matching/Normalizer.swift",
        "Time/TimeZoneRules.swift",
    ]

    @Test func `The sides never import each other`() throws {
        for target in Self.middle {
            let foreign = try Self.imports(of: target) {
                Self.own.contains($0) && $0 != "KefuCore" && !($0 == "KefuSocket" && Self.sockets.contains(target))
            }
            #expect(foreign == "")
        }
        #expect(try Self.imports(of: "KefuSocket") { Self.own.contains($0) && $0 != "KefuCore" } == "")
    }

    @Test func `Core knows nothing of the world`() throws {
        let foreign = try Self.imports(of: "KefuCore") { !["Crypto", "Foundation", "Synchronization"].contains($0) }
        #expect(foreign == "")
        let foundation = findings(in: try SourceFile.below("Sources/KefuCore", ".swift")) { line, _, file in
            let place = file.path.dropFirst("Sources/KefuCore/".count)
            return Self.module(line) == "Foundation" && !Self.foundationInCore.contains(String(place))
                ? "imports Foundation" : nil
        }
        #expect(foundation == "")
    }

    @Test func `No request meets Foundation on its way`() throws {
        for target in Self.middle.union(["KefuSocket"]) {
            // The embedded Redis is a matter of the start.
            let found = try Self.imports(of: target, except: "/Embedded/") { $0 == "Foundation" }
            #expect(found == "")
        }
    }

    @Test func `C libraries are called from one folder each`() throws {
        let strays = findings(in: try SourceFile.swift()) { line, _, file in
            guard let module = Self.module(line), let home = Self.pointers[module] else { return nil }
            return file.path.hasPrefix(home) ? nil : "imports \(module)"
        }
        #expect(strays == "")
    }

    @Test func `Tests are written with Swift Testing`() throws {
        let old = findings(in: try SourceFile.swift()) { line, _, _ in
            Self.module(line) == "XC" + "Test" ? "imports the old test library" : nil
        }
        #expect(old == "")
    }

    @Test func `Every target turns its warnings into errors`() throws {
        let manifest = try SourceFile.at("Package.swift").lines.joined(separator: "\n")
        let targets = manifest.matches(of: #/\.(target|executableTarget|testTarget)\(/#).count
        #expect(manifest.matches(of: #/swiftSettings: settings\b/#).count == targets)
        #expect(manifest.contains("let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]"))
    }

    private static func imports(
        of target: String, except: String? = nil, where isWrong: (String) -> Bool
    ) throws -> String {
        findings(in: try SourceFile.below("Sources/\(target)", ".swift")) { line, _, file in
            if let except, file.path.has(except) { return nil }
            return module(line).flatMap { isWrong($0) ? "imports \($0)" : nil }
        }
    }

    /// The module that an import names.
    private static func module(_ line: String) -> String? {
        guard line.has("import ") else { return nil }
        return line.firstMatch(of: #/^(?:@\w+ |package |private |internal )*import (?:\w+ )?(\w+)/#).map {
            String($0.1)
        }
    }
}
