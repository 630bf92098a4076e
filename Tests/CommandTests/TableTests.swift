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
}
