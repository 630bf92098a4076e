import NIOCore

/// Where requests of one event loop wait a moment for room when too many are in flight: those that ``LoadClass``
/// refuses last before the others, and of one class in the order in which they came. To refuse a request costs nearly
/// as much as to serve it and brings its caller back at once; a caller that waits asks for nothing.
///
/// Belongs to its event loop.
final class WaitingRoom {
    private struct Place {
        let connection: HTTPConnection
        let until: NIODeadline

        /// Its peer may have gone.
        var isTaken: Bool { connection.phase == .waiting }
    }

    private let admission: Admission
    private let patience: TimeAmount
    private let eventLoop: any EventLoop
    /// A line for each class.
    private var lines = LoadClass.allCases.map { _ in CircularBuffer<Place>(initialCapacity: 0) }
    private var count = 0
    private var isListening = false
    private var isAdmitting = false
    private var timer: ConnectionTimer?

    /// - Parameter patience: how long a request waits before it is refused.
    init(_ admission: Admission, patience: TimeAmount, on eventLoop: any EventLoop) {
        self.admission = admission
        self.patience = patience
        self.eventLoop = eventLoop
        timer = ConnectionTimer(eventLoop: eventLoop) { [weak self] in self?.patienceEnded() }
    }

    /// Whether a request may go ahead, which ``Admission/leave()`` ends; else it has to ``wait(_:_:)``.
    func admits(_ load: LoadClass) -> Bool {
        let isFirst = count == 0 || lines[load.rawValue...].allSatisfy(\.isEmpty)
        return isFirst && admission.enter(load)
    }

    /// Calls the connection when there is room, ``HTTPConnection/roomCame()``, or when its patience has ended,
    /// ``HTTPConnection/noRoomCame()``.
    func wait(_ connection: HTTPConnection, _ load: LoadClass) {
        let until = NIODeadline.now() + patience
        lines[load.rawValue].append(Place(connection: connection, until: until))
        count += 1
        admission.count(waiting: 1)
        if count == 1 { timer?.expire(at: until) }
        // Room that came before this one was counted called nobody.
        admit()
    }

    /// Lets in whoever there is room for now.
    private func admit() {
        // A request may be answered, and the next of its connection come, in the same call.
        guard !isAdmitting else { return }
        isAdmitting = true
        listen()
        letIn()
        isAdmitting = false
    }

    private func letIn() {
        // From the front each time: whoever is let in may bring the next one, of a higher class.
        while let load = LoadClass.allCases.last(where: { !lines[$0.rawValue].isEmpty }),
            let place = lines[load.rawValue].first
        {
            guard !place.isTaken || admission.enter(load) else { return }
            leave(load)
            if place.isTaken { place.connection.roomCame() }
        }
    }

    private func listen() {
        guard !isListening, count > 0 else { return }
        isListening = true
        let called = NIOLoopBound({ [weak self] in self?.roomMayHaveCome() }, eventLoop: eventLoop)
        admission.whenRoomComes { [eventLoop] in eventLoop.execute { called.value() } }
    }

    private func roomMayHaveCome() {
        isListening = false
        admit()
    }

    private func patienceEnded() {
        // After a hold-up of the loop the call for room may stand behind this one.
        admit()
        let now = NIODeadline.now()
        for load in LoadClass.allCases {
            while let place = lines[load.rawValue].first, place.until <= now || !place.isTaken {
                leave(load)
                if place.isTaken { place.connection.noRoomCame() }
            }
        }
        if let next = lines.compactMap(\.first?.until).min() { timer?.expire(at: next) }
    }

    private func leave(_ load: LoadClass) {
        lines[load.rawValue].removeFirst()
        count -= 1
        admission.count(waiting: -1)
    }
}
