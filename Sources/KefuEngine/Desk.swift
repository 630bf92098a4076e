/// The places of a service that works on claimed items: which are free, set aside, taken. Decides what the service's
/// loop does next and does none of it.
///
/// A place is free, reserved (a call to the store is under way that may fill it) or occupied (by an item that waits
/// for its start or is being worked on). Once closed it has no free places, and what was not started goes back.
struct Desk<Item: Sendable>: Sendable {
    enum Step: Sendable {
        /// Work on each; every one occupies a place until ``leave(wantsClaim:)``.
        case start([Item])
        /// Give back, not started; each occupies a place until ``leave(wantsClaim:)``.
        case handBack([Item])
        /// Ask the store for as many; the places are reserved.
        case claim(Int)
        /// Nothing to do until the next ring.
        case wait
        /// Closed, and every place is empty.
        case done
        /// Time is up: stop what still runs.
        case abandon
    }

    private enum Phase { case open, closing, expired }

    let capacity: Int
    /// The most that one call to the store claims, so that its script stays short.
    let claimsPerCall: Int
    private(set) var reserved = 0
    private(set) var occupied = 0
    private var queue: [Item] = []
    private var phase = Phase.open
    /// Whether nothing may be begun for the time being.
    private var isPaused = false
    private var wantsClaim = false
    private var isClaiming = false
    /// Whether somebody asked while no place was free, or would have taken more.
    private var hasRefused = false

    init(capacity: Int, claimsPerCall: Int) {
        self.capacity = capacity
        self.claimsPerCall = claimsPerCall
    }

    var isOpen: Bool { phase == .open }

    /// Whether what is put is started.
    var starts: Bool { phase == .open && !isPaused }

    var free: Int { starts ? max(0, capacity - reserved - occupied) : 0 }

    mutating func reserve(atMost most: Int) -> Int {
        let places = min(max(most, 0), free)
        if places == 0, most > 0 { hasRefused = true }
        reserved += places
        return places
    }

    mutating func cancelReservation(_ places: Int) {
        precondition(places <= reserved, "more places given back than were reserved")
        reserved -= places
    }

    /// Puts items onto places, those reserved for them first, and frees the reserved places left over.
    mutating func put(_ items: [Item], reserved places: Int) {
        cancelReservation(places)
        occupied += items.count
        queue += items
    }

    /// Notes that somebody would have taken more, had there been places.
    mutating func noteRefusal() { hasRefused = true }

    /// Notes that the store holds more than was claimed.
    mutating func noteBacklog() { wantsClaim = true }

    /// Ends the call that ``Step/claim(_:)`` asked for.
    mutating func endClaim() { isClaiming = false }

    /// Empties a place. `wantsClaim`: nobody has looked whether there is a next item for it.
    mutating func leave(wantsClaim: Bool) {
        precondition(occupied > 0, "a place was left twice")
        occupied -= 1
        if wantsClaim { self.wantsClaim = true }
    }

    /// Whether places are free again after somebody was refused; answered once.
    mutating func takeRefusal() -> Bool {
        guard hasRefused, free > 0 else { return false }
        hasRefused = false
        return true
    }

    /// While paused there are no free places, and what was put but not started goes back. Afterwards somebody has to
    /// look for what was left meanwhile.
    mutating func pause(_ isPaused: Bool) {
        if self.isPaused, !isPaused { wantsClaim = true }
        self.isPaused = isPaused
    }

    mutating func close() { if phase == .open { phase = .closing } }

    mutating func expire() { phase = .expired }

    mutating func next() -> Step {
        if phase == .expired { return .abandon }
        if !queue.isEmpty {
            defer { queue.removeAll() }
            return starts ? .start(queue) : .handBack(queue)
        }
        if phase == .closing { return reserved == 0 && occupied == 0 ? .done : .wait }
        guard wantsClaim, !isClaiming, free > 0 else { return .wait }
        wantsClaim = false
        isClaiming = true
        let places = min(free, claimsPerCall)
        reserved += places
        return .claim(places)
    }

    /// Whether ``next()`` would answer something else than ``Step/wait``.
    var hasStep: Bool {
        if phase == .expired || !queue.isEmpty { return true }
        if phase == .closing { return reserved == 0 && occupied == 0 }
        return wantsClaim && !isClaiming && free > 0
    }

    /// What was put but never started.
    mutating func clearQueue() -> [Item] {
        defer { queue.removeAll() }
        return queue
    }
}
