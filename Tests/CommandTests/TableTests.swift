import Testing

@testable import kefu

struct TableTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("好的", 4), ("a好", 3), ("，。", 4), ("ｶﾅ", 2), ("カナ", 4), ("é", 1), ("e\u{301}", 1),
        ("👍", 2), ("👨‍👩‍👧‍👦", 2), ("—", 1), ("한국", 4), ("𠀀", 2), ("\u{200B}", 0),
    ])
    func `a wide character takes two columns`(text: String, width: Int) {
        #expect(TextWidth.of(text) == width)
    }

    @Test func `columns line up, with Chinese in them too`() {
        var table = Table("TASK", "KEYWORD", "STATUS")
        table.add(["T1", "好的", "waiting"])
        table.add(["TASK_2", "ok", "failed"])
        table.add(["T3", "", ""])
        #expect(
            table.text == """
                TASK    KEYWORD  STATUS
                T1      好的     waiting
                TASK_2  ok       failed
                T3

                """)
    }

    @Test func `a long cell is cut to its columns`() {
        let cut = Table.shown(String(repeating: "好", count: 100))
        #expect(cut.hasSuffix("…"))
        #expect(TextWidth.of(cut) <= Table.widestCell)
        #expect(Table.shown("short") == "short")
    }

    @Test func `what the server sends cannot control the terminal`() {
        #expect(Table.shown("a\u{1B}[2Jb\n\u{202E}") == #"a\u001b[2Jb\u000a\u202e"#)
        #expect(Table.fields([("name", "x\ny"), ("名", "z")]) == "name  x\\u000ay\n名    z\n")
    }

    @Test func `a narrow terminal gets fewer columns, then shorter lines, and never a wider one`() {
        var table = Table("TASK", "STATUS", "KEYWORD")
        table.add(["TASK_1", "waiting", "好的好的"])
        let lines = { (width: Int) in
            table.text(within: width, expendable: ["KEYWORD", "STATUS"]).split(separator: "\n").map { String($0) }
        }
        #expect(lines(25) == ["TASK    STATUS   KEYWORD", "TASK_1  waiting  好的好的"])
        #expect(lines(24) == ["TASK    STATUS", "TASK_1  waiting"])
        #expect(lines(14) == ["TASK", "TASK_1"])
        #expect(lines(3) == ["TA…", "TA…"])
        for width in 1...30 { #expect(lines(width).allSatisfy { TextWidth.of($0) <= width }, "\(width)") }
    }

    @Test func `colours change nothing but colours`() {
        var table = Table("TASK", "STATUS")
        table.add(["T1", "failed"])
        table.add(["T2", "strange"])
        let painted = table.text(within: 80, paint: Paint(isOn: true))
        #expect(painted.contains("\u{1B}[31mfailed\u{1B}[0m"))
        #expect(painted.replacing(/\u{1B}\[[0-9;]*m/, with: "") == table.text)
    }

    @Test(arguments: [
        (ColorChoice.auto, true, [:], false), (.auto, true, ["TERM": "xterm"], true),
        (.auto, false, ["TERM": "xterm"], false),
        (.auto, true, ["TERM": "dumb"], false), (.auto, true, ["TERM": "xterm", "NO_COLOR": "1"], false),
        (.auto, true, ["TERM": "xterm", "NO_COLOR": ""], true), (.always, false, ["NO_COLOR": "1"], true),
        (.never, true, ["TERM": "xterm"], false),
    ])
    func `colours are for terminals that have them`(
        choice: ColorChoice, isTerminal: Bool, environment: [String: String], isOn: Bool
    ) {
        #expect(choice.isOn(isTerminal: isTerminal) { environment[$0] } == isOn)
    }
}
