import KefuCore
import TestSupport
import Testing

@Suite struct NormalizerTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "Texts that people take for the same become the same bytes",
        arguments: [
            ("", ""), ("好的", "好的"), ("OK", "ok"), ("ＳＴＯＰ", "stop"), ("ｓｔｏｐ！", "stop!"), ("　好　的　", "好 的"),
            (" a \t\r\n b ", "a b"), ("a\u{85}\u{2028}\u{A0}b", "a b"), ("\u{1680}", ""), ("　", ""), ("。", "。"),
            ("｡", "。"),
            ("，", ","), ("好的……", "好的......"), ("“好”", "“好”"), ("《【「好」】》", "《【「好」】》"), ("ｶﾞ", "ガ"), ("が", "が"),
            ("か\u{3099}", "が"), ("ﾊﾟｿｺﾝ", "パソコン"), ("⼈", "人"), ("\u{F900}", "豈"), ("\u{2F800}", "丽"), ("①", "1"),
            ("㎏", "kg"),
            ("㍿", "株式会社"), ("ヿ", "コト"), ("￥5", "¥5"), ("取\u{200B}消", "取消"), ("取\u{AD}消", "取消"), ("取\u{180E}消", "取消"),
            ("取\u{34F}消", "取消"), ("取\u{FE0F}消", "取消"), ("取\u{202E}消", "取消"), ("取\u{E0041}消", "取消"),
            ("取\u{3164}消", "取消"),
            ("取\u{FEFF}消", "取消"), ("取\u{200D}消", "取消"), ("取\u{FFA0}消", "取消"), ("\u{61C}", ""), ("a\u{34F}\u{301}", "á"),
            ("Straße", "strasse"), ("STRASSE", "strasse"), ("ẞ", "ss"), ("ſ", "s"), ("İ", "i\u{307}"), ("ı", "ı"),
            ("Σς", "σσ"),
            ("\u{212A}", "k"), ("\u{212B}", "å"), ("A\u{30A}", "å"), ("É", "é"), ("E\u{301}", "é"), ("ﬁ", "fi"),
            ("ŉ", "ʼn"),
            ("Д", "д"), ("Ǆ", "dž"), ("\u{1D400}", "a"), ("Ꭰ", "ꭰ"), ("한국", "한국"), ("\u{1112}\u{1161}\u{11AB}", "한"),
            ("😀👍🏽", "😀👍🏽"), ("❤️", "❤"), ("👨‍👩‍👧", "👨👩👧"), ("´", "\u{301}"), ("a\u{323}\u{307}", "ạ\u{307}"),
            ("a\u{307}\u{323}", "ạ\u{307}"), ("\u{1}", "\u{1}"), ("ｱｲ", "アイ"), ("～", "~"), ("%d+", "%d+"),
        ])
    func table(_ text: String, _ normalized: String) {
        #expect(bytes(Normalizer.normalize(text)) == bytes(normalized))
    }

    @Test(
        "For exact, spaces and punctuation at both ends do not count",
        arguments: [
            ("好的。", "好的"), ("「好的！」", "好的"), ("...ok?!", "ok"), ("。", ""), ("", ""), ("a.b", "a.b"), ("—好—", "好"),
            ("好的~", "好的~"),
            (" ( a ) ", "a"), ("_x_", "x"), ("😀", "😀"),
        ])
    func punctuation(_ text: String, _ trimmed: String) {
        #expect(Normalizer.trimPunctuation(Normalizer.normalize(text)) == trimmed)
    }

    @Test("Every single scalar is normalized to a fixed point")
    func everyScalar() {
        let ranges =
            [1..<0xD800, 0xE000..<0x20000, 0x2F7F0..<0x2FB00, 0xE0000..<0xE0200, 0x10FF00..<0x110000] as [Range<UInt32>]
        for scalar in ranges.joined().compactMap(Unicode.Scalar.init) {
            let once = Normalizer.normalize(String(scalar))
            if bytes(once) != bytes(Normalizer.normalize(once)) { Issue.record("U+\(String(scalar.value, radix: 16))") }
        }
    }

    @Test("Normalizing twice is normalizing once, and never brings invisible or outer characters back")
    func fixedPoint() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            let once = Normalizer.normalize(RandomText.make(using: &random))
            #expect(bytes(once) == bytes(Normalizer.normalize(once)), "seed \(seed)")
            #expect(!once.hasPrefix(" ") && !once.hasSuffix(" ") && !once.utf8.elementsEqual(" ".utf8), "seed \(seed)")
        }
    }

    @Test("A keyword in a text stays in it, unless a mark follows that belongs to it")
    func substring() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            let keyword = RandomText.make(using: &random, pool: RandomText.withoutMarks)
            let before = RandomText.make(using: &random)
            let text = before + keyword + RandomText.make(using: &random, pool: RandomText.withoutMarks)
            let found = Normalizer.normalize(text).utf8.contains(Normalizer.normalize(keyword).utf8)
            #expect(found, "seed \(seed): \(keyword.debugDescription) in \(text.debugDescription)")
        }
    }

    @Test("The form is that of NFKC, case folding and NFKC once more")
    func againstFoundation() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            // A mark whose folding is a letter: its place among marks is not defined by that rule.
            let pool = (RandomText.withoutMarks + RandomText.marks).filter { $0 != "\u{345}" }
            let text = RandomText.make(using: &random, pool: pool)
            #expect(
                bytes(Normalizer.normalize(text)) == bytes(RandomText.reference(text)),
                "seed \(seed): \(text.debugDescription)")
        }
    }

    @Test("Hostile texts within the limits are normalized")
    func hostile() {
        #expect(Normalizer.normalize(String(repeating: "\u{FDFA}", count: 5461)).utf8.count > 100_000)
        let bomb = Array(repeating: "e" + String(repeating: "\u{301}\u{323}", count: 15), count: 250).joined()
        #expect(!Normalizer.normalize(bomb).isEmpty)
        #expect(!Normalizer.normalize(String(repeating: "\u{1112}\u{1161}", count: 2700)).isEmpty)
    }
}
