import KefuCore
import TestSupport
import Testing

@Suite struct TimeZoneRulesTests {
    @Test(
        "A time is read in the zone, or by its own offset",
        arguments: [
            ("2026-02-27 09:00:00", 1_772_154_000_000), ("2026-02-27T09:00:00+08:00", 1_772_154_000_000),
            ("2026-02-27T01:00:00Z", 1_772_154_000_000), ("2026-02-27t01:00:00z", 1_772_154_000_000),
            ("2026-02-27 01:00:00Z", 1_772_154_000_000), ("2026-02-26T17:30:00.5-07:30", 1_772_154_000_500),
            ("2026-02-27T01:00:00.1239999999999Z", 1_772_154_000_123), ("2026-02-27T01:00:00-00:00", 1_772_154_000_000),
            ("1970-01-01 08:00:00", 0), ("1970-01-01T00:00:00Z", 0), ("2024-02-29 00:00:00", 1_709_136_000_000),
            ("2000-02-29T12:00:00Z", 951_825_600_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)])
    func reads(_ text: String, _ epochMs: Int64) {
        #expect(zone("Asia/Shanghai").epochMs(text) == epochMs)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "9e99", "2026", "2026-02-27", "2026-02-27 09:00", "2026-02-27T09:00:00", "2026-02-30 09:00:00",
            "2026-02-29 09:00:00", "2100-02-29 09:00:00", "2026-13-01 09:00:00", "2026-00-01 09:00:00",
            "2026-01-00 09:00:00",
            "2026-04-31 09:00:00", "2026-02-27 24:00:00", "2026-02-27 25:00:00", "2026-02-27 09:60:00",
            "2026-02-27 09:00:60",
            "2026-2-27 09:00:00", "26-02-27 09:00:00", "10000-01-01 00:00:00", "1969-12-31 23:59:59",
            "1970-01-01 07:59:59",
            "9999-12-31T23:59:59-08:00", "2026-02-27 09:00:00 ", " 2026-02-27 09:00:00", "2026-02-27  09:00:00",
            "2026-02-27T09:00:00+24:00", "2026-02-27T09:00:00+08:60", "2026-02-27T09:00:00+0800",
            "2026-02-27T09:00:00+08",
            "2026-02-27T09:00:00.Z", "2026-02-27T09:00:00.5", "2026-02-27 09:00:00.5", "2026-02-27T09:00:00Zx",
            "2026/02/27 09:00:00",
            "-026-02-27 09:00:00", "+2026-02-27 09:00:00", "２０２６-02-27 09:00:00", "2026-02-27T09:00:00,5Z", "明天",
        ])
    func refuses(_ text: String) {
        #expect(zone("Asia/Shanghai").epochMs(text) == nil)
    }

    @Test(
        "A skipped time moves behind the gap, one that comes twice means the first",
        arguments: [
            // Berlin skips 02:00–03:00 on 29 March 2026 and repeats it on 25 October.
            ("Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29T01:59:59.000+01:00"),
            ("Europe/Berlin", "2026-03-29 02:00:00", "2026-03-29T03:00:00.000+02:00"),
            ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T03:30:00.000+02:00"),
            ("Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29T03:00:00.000+02:00"),
            ("Europe/Berlin", "2026-10-25 01:59:59", "2026-10-25T01:59:59.000+02:00"),
            ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T02:30:00.000+02:00"),
            ("Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T03:00:00.000+01:00"),
            ("America/New_York", "2026-03-08 02:30:00", "2026-03-08T03:30:00.000-04:00"),
            ("America/New_York", "2026-11-01 01:30:00", "2026-11-01T01:30:00.000-04:00"),
            ("America/New_York", "2026-11-01 02:00:00", "2026-11-01T02:00:00.000-05:00"),
            // Lord Howe moves by half an hour; Samoa left out a whole day.
            ("Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-04T02:45:00.000+11:00"),
            ("Pacific/Apia", "2011-12-30 12:00:00", "2011-12-31T12:00:00.000+14:00"),
            ("Asia/Kathmandu", "2026-02-27 09:00:00", "2026-02-27T09:00:00.000+05:45"),
            ("UTC", "2026-02-27 09:00:00", "2026-02-27T09:00:00.000+00:00"),
        ])
    func clockChanges(_ name: String, _ local: String, _ shown: String) throws {
        let rules = zone(name)
        #expect(rules.text(try #require(rules.epochMs(local))) == shown)
    }

    @Test("What is written is read back to the millisecond, asked twice or not")
    func roundTrip() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for name in ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"] {
            let rules = zone(name)
            for _ in 0..<300 {
                let instant = Int64.random(in: 86_400_000...4_102_444_800_000, using: &random)
                for ms in [instant, instant + 1, instant] {
                    #expect(rules.epochMs(rules.text(ms)) == ms, "\(name), seed \(seed)")
                }
            }
        }
    }

    @Test("Offsets change at the right millisecond, whatever was asked before")
    func edge() {
        let rules = zone("Europe/Berlin")
        let change: Int64 = 1_774_746_000_000
        for _ in 0..<2 {
            #expect(rules.text(change - 1) == "2026-03-29T01:59:59.999+01:00")
            #expect(rules.text(change) == "2026-03-29T03:00:00.000+02:00")
        }
        #expect(rules.text(-1) == "1970-01-01T00:59:59.999+01:00")
        #expect(rules.text(.min).hasPrefix("0001-01-02T00:") && rules.text(-99_999_999_999_999).hasPrefix("0001-"))
        #expect(zone("UTC").text(.max) == "9999-12-31T23:59:59.999+00:00")
    }

    @Test(
        "Only names of places and UTC are time zones",
        arguments: [
            "", "Nowhere/City", "Asia/", "CST", "PST", "GMT+8", "+08:00", "asia shanghai", "../etc/passwd", "Asia/上海",
            "中国",
        ])
    func unknownZones(_ name: String) {
        #expect(TimeZoneRules(name: name) == nil)
    }
}
