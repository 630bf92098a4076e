import Testing

@testable import KefuRedis

@Suite struct CompositionTests {
    private static let prelude = """
        -- about all
        local P = ARGV[1]

        local function first()
          return P
        end

        local function second()
          return first()
        end

        local function third()
          return P
        end
        """

    private func code(_ script: String) -> [String] {
        let composed = Composition.compose("#!lua\n" + script, prelude: Self.prelude)
        #expect(composed.shebang == "#!lua")
        return composed.code.split(separator: "\n").map(String.init)
    }

    private static let first = ["local function first()", "  return P", "end"]
    private static let second = ["local function second()", "  return first()", "end"]
    private static let third = ["local function third()", "  return P", "end"]

    @Test func `A script is given the blocks that it names and those that they name`() {
        #expect(code("return 1") == ["return 1"])
        #expect(code("-- second\nreturn third()") == ["local P = ARGV[1]"] + Self.third + ["return third()"])
        #expect(
            code("return second()") == ["local P = ARGV[1]"] + Self.first + Self.second + ["return second()"])
    }

    @Test func `Each block goes to the last marker before its first use`() {
        let script = """
            early()
            -- prelude
            first()
            -- prelude
            second()
            first()
            """
        #expect(
            code(script) == ["early()", "local P = ARGV[1]"] + Self.first + ["first()"] + Self.second
                + ["second()", "first()"])
    }

    @Test func `A branch takes the blocks that nothing outside it needs`() {
        let script = """
            if rare then
              -- prelude
              second()
              third()
            end
            third()
            """
        #expect(
            code(script) == ["local P = ARGV[1]"] + Self.third + ["if rare then"] + Self.first + Self.second
                + ["  second()", "  third()", "end", "third()"])
    }
}
