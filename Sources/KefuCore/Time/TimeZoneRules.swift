import Foundation
import Synchronization

/// Reads and writes times in one time zone. The digits are handled here; Foundation is asked for offsets only.
///
/// A local time that a change of clocks skips means the same number of hours and minutes after the last moment
/// before the gap (02:30 becomes 03:30); one that occurs twice means the first. RFC 5545 and the `compatible` mode of
/// ECMAScript's Temporal decide the same way.
package struct TimeZoneRules: Sendable {
    /// The IANA name.
    package let name: String
    private let zone: TimeZone
    private let cache = OffsetCache()

    /// The last millisecond of year 9999, UTC.
    package static let latestMs: Int64 = 253_402_300_799_999
    /// The second day of year 1, so that every zone shows four digits of a year.
    private static let earliestMs: Int64 = -62_135_510_400_000

    /// - Parameter name: an IANA name such as `Asia/Shanghai` or `UTC`; nil when there is no such zone.
    package init?(name: String) {
        // Foundation takes abbreviations and offsets too, which say nothing about a place's rules.
        guard name == "UTC" || name.utf8.contains(UInt8(ascii: "/")), name.utf8.allSatisfy({ $0 < 0x80 }),
            let zone = TimeZone(identifier: name)
        else { return nil }
        self.name = name
        self.zone = zone
    }

    /// Epoch milliseconds of `2026-02-27 09:00:00` (in this zone) or of an RFC 3339 time with an offset, of which
    /// digits below the millisecond are dropped. Nil for anything else, impossible dates and times outside
    /// 1970–9999 (UTC).
    package func epochMs(_ text: String) -> Int64? {
        guard let time = TimeText(text), time.civil.isValid else { return nil }
        let asUTC = time.civil.epochMs
        let instant = time.offsetSeconds.map { asUTC - Int64($0) * 1000 } ?? instant(ofLocal: asUTC)
        return (0...Self.latestMs).contains(instant) ? instant : nil
    }

    /// RFC 3339 with milliseconds and this zone's offset: `2026-02-27T09:00:00.000+08:00`.
    /// What lies outside the years 1–9999 is shown as the nearest end of them.
    package func text(_ epochMs: Int64) -> String {
        let epochMs = min(max(epochMs, Self.earliestMs), Self.latestMs)
        // Offsets with seconds exist before 1972 only; RFC 3339 has none, so they are shown to the minute.
        let offset = offsetSeconds(at: epochMs) / 60
        let civil = CivilTime(epochMs: epochMs + Int64(offset) * 60_000)
        var digits: [UInt8] = []
        digits.reserveCapacity(29)
        func append(_ value: Int, _ width: Int, _ after: Unicode.Scalar?) {
            var unit = 1
            for _ in 1..<width { unit *= 10 }
            while unit > 0 {
                digits.append(UInt8(ascii: "0") + UInt8(value / unit % 10))
                unit /= 10
            }
            if let after { digits.append(UInt8(ascii: after)) }
        }
        append(civil.year, 4, "-")
        append(civil.month, 2, "-")
        append(civil.day, 2, "T")
        append(civil.hour, 2, ":")
        append(civil.minute, 2, ":")
        append(civil.second, 2, ".")
        append(civil.millisecond, 3, offset < 0 ? "-" : "+")
        append(abs(offset) / 60, 2, ":")
        append(abs(offset) % 60, 2, nil)
        return String(decoding: digits, as: UTF8.self)
    }

    private func instant(ofLocal asUTC: Int64) -> Int64 {
        // Offsets lie between -12 h and +14 h: these two instants enclose whatever change could matter.
        let before = Int64(offsetSeconds(at: asUTC - 15 * 3_600_000)) * 1000
        let after = Int64(offsetSeconds(at: asUTC + 13 * 3_600_000)) * 1000
        for offset in [before, after] where Int64(offsetSeconds(at: asUTC - offset)) * 1000 == offset {
            return asUTC - offset
        }
        return asUTC - before
    }

    private func offsetSeconds(at epochMs: Int64) -> Int {
        cache.offset(at: epochMs) { zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0) / 1000)) }
    }
}

/// Remembers the offsets of quarters of an hour that were asked for lately. Shared by all event loops.
private final class OffsetCache: Sendable {
    private struct Entry {
        var quarter = Int64.min
        var offset = 0
    }

    private static let quarterMs: Int64 = 900_000
    private let entries = Mutex([Entry](repeating: Entry(), count: 256))

    func offset(at epochMs: Int64, lookUp: (Int64) -> Int) -> Int {
        let quarter = epochMs / Self.quarterMs
        let slot = Int(quarter.magnitude % 256)
        let known = entries.withLock { $0[slot] }
        if known.quarter == quarter { return known.offset }
        let offset = lookUp(epochMs)
        // A quarter in which the clock changes is not remembered.
        let start = quarter * Self.quarterMs - (epochMs < 0 ? Self.quarterMs : 0)
        if lookUp(start) == offset, lookUp(start + Self.quarterMs * (epochMs < 0 ? 2 : 1) - 1) == offset {
            entries.withLock { $0[slot] = Entry(quarter: quarter, offset: offset) }
        }
        return offset
    }
}
