import Foundation
import Testing

/// The files of the pages: all of them in the binary, all of them served, nothing from elsewhere.
@Suite struct PageFileTests {
    private static let folders = ["Dashboard", "Description"]

    private static var files: [String] {
        get throws {
            try folders.flatMap { folder in
                try SourceFile.names(in: "Sources/KefuServer/\(folder)").map { "\(folder)/\($0)" }
            }
        }
    }

    @Test func `Every file of the pages is in the binary and in the table of assets`() throws {
        let manifest = try SourceFile.at("Package.swift").lines.joined(separator: "\n")
        let table = try SourceFile.at("Sources/KefuServer/Pages/Assets.swift").lines.joined(separator: "\n")
        let files = try Self.files
        #expect(files.count >= 3)
        for file in files {
            let name = String(file.split(separator: "/").last ?? "")
            #expect(manifest.contains("\"\(file)\""), "Package.swift lacks \(file)")
            #expect(
                table.contains("Asset(\"\(name)\", PackageResources.\(name.replacing(#/[^A-Za-z0-9]/#, with: "_")))"),
                "Assets.swift lacks \(name)")
        }
    }

    /// The rules that browsers are told would block it, and a page that looks right here would be broken there.
    @Test func `No page has a script or style inline, or loads anything from elsewhere`() throws {
        let pages = try Self.files.filter { $0.hasSuffix(".html") }.map {
            try SourceFile.at("Sources/KefuServer/\($0)")
        }
        #expect(pages.count >= 1)
        let wrong = [
            #"<script(?![^>]*\ssrc="/)"#, "<style", #"\sstyle="#, #"\son\w+="#, #"(src|srcset)="(?!/)"#,
            #"<link[^>]*href="(?!/|data:)"#, "javascript:",
        ].joined(separator: "|")
        let found = findings(in: pages) { line, _, _ in
            line.range(of: wrong, options: .regularExpression).map { "inline, or from elsewhere: \(line[$0])" }
        }
        #expect(found == "")
    }
}
