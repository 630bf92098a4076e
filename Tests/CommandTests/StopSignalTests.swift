import Synchronization
import Testing

@testable import kefu

struct StopSignalTests {
    @Test func `only the first signal acts, on whoever stands there at that moment`() {
        let stop = StopSignal()
        let calls = Mutex<[String]>([])
        stop.whenTold { calls.withLock { $0.append("start") } }
        stop.whenTold { calls.withLock { $0.append("run") } }
        #expect(!stop.isTold && calls.withLock { $0 } == [])
        stop.tell()
        stop.tell()
        #expect(stop.isTold && calls.withLock { $0 } == ["run"])
    }

    @Test func `who comes after the signal is told at once`() {
        let stop = StopSignal()
        stop.tell()
        let calls = Mutex(0)
        stop.whenTold { calls.withLock { $0 += 1 } }
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func `connections of callers leave room for those that tasks need`() {
        let room = OpenFiles.room(for: .max / 4, beside: 10_000, .init(label: "x"))
        #expect(room >= 1 && room < .max / 4)
        #expect(OpenFiles.room(for: 1, beside: 1, .init(label: "x")) == 1)
    }
}
