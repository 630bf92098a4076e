import Synchronization
import Testing

@testable import KefuEngine

struct DeskTests {
    private final class Shared: Sendable {
        let desk = Mutex(Desk<Int>(capacity: 7, claimsPerCall: 10))
        let most = Mutex(0)
    }

    @Test func `what is reserved is not given away twice`() {
        var desk = Desk<Int>(capacity: 3, claimsPerCall: 10)
        #expect(desk.reserve(atMost: 2) == 2)
        #expect(desk.reserve(atMost: 2) == 1)
        #expect(desk.reserve(atMost: 2) == 0)
        desk.put([1], reserved: 2)
        #expect(desk.free == 1)
        desk.leave(wantsClaim: false)
        #expect(desk.free == 2)
    }

    @Test func `while paused nothing begins, and afterwards somebody looks for what is left`() {
        var desk = Desk<Int>(capacity: 3, claimsPerCall: 10)
        desk.pause(true)
        #expect(desk.reserve(atMost: 1) == 0)
        desk.noteBacklog()
        #expect(!desk.hasStep)
        desk.put([7], reserved: 0)
        guard case .handBack([7]) = desk.next() else { return #expect(Bool(false), "it was started") }
        desk.leave(wantsClaim: false)
        desk.pause(false)
        guard case .claim(3) = desk.next() else { return #expect(Bool(false), "nobody looks") }
    }

    @Test func `many threads never reserve more places than there are`() async {
        let shared = Shared()
        await withDiscardingTaskGroup { group in
            for worker in 0..<8 {
                group.addTask {
                    for round in 0..<500 {
                        let places = shared.desk.withLock { $0.reserve(atMost: 1 + (worker + round) % 4) }
                        let used = shared.desk.withLock { $0.reserved + $0.occupied }
                        shared.most.withLock { $0 = max($0, used) }
                        if round % 2 == 0 || places == 0 {
                            shared.desk.withLock { $0.cancelReservation(places) }
                        } else {
                            shared.desk.withLock { desk in
                                desk.put([round], reserved: places)
                                desk.leave(wantsClaim: false)
                            }
                        }
                    }
                }
            }
        }
        #expect(shared.most.withLock { $0 } <= 7)
        #expect(shared.desk.withLock { $0.free } == 7)
    }

    @Test func `a backlog is claimed once at a time, for the free places`() {
        var desk = Desk<Int>(capacity: 5, claimsPerCall: 3)
        desk.noteBacklog()
        guard case .claim(3) = desk.next() else { return #expect(Bool(false), "no claim of 3") }
        desk.noteBacklog()
        guard case .wait = desk.next() else { return #expect(Bool(false), "a second claim") }
        desk.endClaim()
        desk.put([1, 2, 3], reserved: 3)
        guard case .start([1, 2, 3]) = desk.next() else { return #expect(Bool(false), "no start") }
        guard case .claim(2) = desk.next() else { return #expect(Bool(false), "no claim of 2") }
    }

    @Test func `a closed desk reserves nothing, hands back what was not started, and ends when it is empty`() {
        var desk = Desk<Int>(capacity: 5, claimsPerCall: 3)
        let places = desk.reserve(atMost: 2)
        desk.put([1], reserved: 0)
        guard case .start([1]) = desk.next() else { return #expect(Bool(false), "no start") }
        desk.close()
        #expect(desk.reserve(atMost: 1) == 0)
        guard case .wait = desk.next() else { return #expect(Bool(false), "ended with a place taken") }
        desk.put([2], reserved: places)
        guard case .handBack([2]) = desk.next() else { return #expect(Bool(false), "not handed back") }
        desk.leave(wantsClaim: true)
        desk.leave(wantsClaim: true)
        guard case .done = desk.next() else { return #expect(Bool(false), "did not end") }
    }

    @Test func `whoever found no place is told once when one is free`() {
        var desk = Desk<Int>(capacity: 1, claimsPerCall: 0)
        desk.put([1], reserved: 0)
        #expect(desk.reserve(atMost: 5) == 0)
        #expect(desk.takeRefusal() == false)
        desk.leave(wantsClaim: false)
        #expect(desk.takeRefusal() == true)
        #expect(desk.takeRefusal() == false)
    }

    @Test func `a reservation that got less than it asked for is no refusal`() {
        var desk = Desk<Int>(capacity: 2, claimsPerCall: 0)
        desk.cancelReservation(desk.reserve(atMost: 64))
        #expect(desk.takeRefusal() == false)
    }
}
