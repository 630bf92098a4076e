import Testing

@testable import kefu

struct SettingsSourceTests {
    @Test func `a file has NAME=value lines, comments, blank lines and quotes`() throws {
        let values = try SettingsSource.parse(
            file: "# c\r\n\nA=1\n  B = x=y \n; c\nC=\"two words\"\nD='q'\nE=\nA=2\nF=\"\nG=中文")
        #expect(
            values == [
                "A": "2", "B": "x=y", "C": "two words", "D": "q", "E": "", "F": "\"", "G": "中文",
            ])
    }

    @Test(arguments: ["KEFU_PORT", "=1", "A B=1", "export A=1", "1A=2"])
    func `a line that is none of these is refused by its number, without its text`(line: String) throws {
        let error = try #require(throws: SettingsSource.FileError.self) {
            try SettingsSource.parse(file: "A=1\n\(line)")
        }
        #expect(error.description.hasPrefix("line 2: "))
        #expect(!error.description.contains(line))
    }

    @Test func `unknown names are told, with the nearest known one`() {
        let source = SettingsSource(
            environment: [
                "KEFU_CONCURENCY": "1", "KEFU_GATEWAY": "x", "PATH": "/bin", "KEFU_LEASE_SECONDS": "3",
                "KEFU_SOMETHING_QUITE_DIFFERENT": "1", "KEFU_PORT": "1",
            ], file: ["HTTP_API_PROT": "1"])
        let told = source.unknown.map { "\($0.name) \($0.nearest?.rawValue ?? "-")" }
        #expect(
            told == [
                "HTTP_API_PROT HTTP_API_PORT", "KEFU_CONCURENCY KEFU_CONCURRENCY", "KEFU_GATEWAY KEFU_GATEWAY_URL",
                "KEFU_PORT HTTP_API_PORT", "KEFU_SOMETHING_QUITE_DIFFERENT -",
            ])
    }

    @Test func `the distance of two words is the number of changed letters`() {
        for (left, right, distance) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3), ("ab", "ba", 2)] {
            #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8)) == distance)
        }
    }
}
