import KefuCore

// The walk over all keys: what each must be by its name, and what it names.

extension Inspection {
    /// Every key with the prefix, at least once when it stands there from beginning to end.
    mutating func walkKeys() async throws(StoreError) {
        var cursor = "0"
        repeat {
            let page = try await pages([["SCAN", .string(cursor), "MATCH", .string(keys.prefix + "*")]])[0]
            try await look(at: page.elements.map { String($0.dropFirst(keys.prefix.count)) })
            cursor = page.next
            progress(outcome)
        } while cursor != "0"
    }

    /// Every member of one sorted set.
    mutating func walk(_ name: String, as subject: Subject) async throws(StoreError) {
        var cursor = "0"
        repeat {
            let page = try await pages([["ZSCAN", .string(keys.prefix + name), .string(cursor)]])[0]
            try await look(subject, Self.pairs(page, of: name))
            cursor = page.next
            progress(outcome)
        } while cursor != "0"
    }

    private mutating func look(at names: [String]) async throws(StoreError) {
        outcome.keys += names.count
        var shapes: [(name: String, shape: KeyShape)] = []
        for name in names {
            if let shape = KeyShape(name) { shapes.append((name, shape)) } else { noteUnknown(name) }
        }
        let rows = try await look(.key, shapes.map { InspectedPair(place: $0.shape.expectation, name: $0.name) })
        let unusable = Set(rows.filter { $0.kind == .type || $0.kind == .unreadable }.map(\.name))
        shapes.removeAll { unusable.contains($0.name) }

        var named: [Subject: [InspectedPair]] = [:]
        var (customers, hashes): ([String], [String]) = ([], [])
        for (name, shape) in shapes {
            switch shape {
            case .task(let id): named[.task, default: []].append(InspectedPair(place: "", name: id))
            case .attempts(let id): named[.attempts, default: []].append(InspectedPair(place: "attempts", name: id))
            case .deliveries(let id):
                named[.attempts, default: []].append(InspectedPair(place: "deliveries", name: id))
            case .callback(let id): named[.callback, default: []].append(InspectedPair(place: "", name: id))
            case .instance(let id): named[.instance, default: []].append(InspectedPair(place: "", name: id))
            case .customer: customers.append(name)
            case .armed: hashes.append(name)
            case .single, .passing: break
            }
        }
        outcome.tasks += named[.task]?.count ?? 0
        for subject in [Subject.task, .attempts, .callback, .instance] {
            try await look(subject, named[subject] ?? [])
        }
        try await walkAll(customers, by: "ZSCAN", as: .member)
        try await walkAll(hashes, by: "HSCAN", as: .entry)
    }

    /// Every member of several sets or hashes, which are mostly small: their first pages come in one write.
    private mutating func walkAll(
        _ names: [String], by command: RedisArgument, as subject: Subject
    ) async throws(StoreError) {
        var open = names.map { (name: $0, cursor: "0") }
        while !open.isEmpty {
            let asked = open.prefix(Batch.others)
            let pages = try await pages(
                asked.map { [command, .string(keys.prefix + $0.name), .string($0.cursor)] })
            open.removeFirst(asked.count)
            var members: [InspectedPair] = []
            for ((name, _), page) in zip(asked, pages) {
                members += Self.pairs(page, of: name)
                if page.next != "0" { open.append((name, page.next)) }
            }
            try await look(subject, members)
        }
    }

    /// Compares, reports, and arms anew what has lost its entries.
    @discardableResult
    private mutating func lookAndNote(
        _ subject: Subject, _ pairs: ArraySlice<InspectedPair>
    ) async throws(StoreError) -> [InspectedRow] {
        let start = ContinuousClock.now
        let rows = try await inspect(subject, pairs)
        await pace.paid(since: start)
        for row in rows {
            if row.kind == .unarmed {
                note(try await rearmed(row))
            } else {
                note(Finding(row, subject, prefix: keys.prefix, isRepairing: isRepairing))
            }
        }
        return rows
    }

    @discardableResult
    mutating func look(_ subject: Subject, _ pairs: [InspectedPair]) async throws(StoreError) -> [InspectedRow] {
        let size = subject == .task ? Batch.tasks : Batch.others
        var rows: [InspectedRow] = []
        var rest = pairs[...]
        while !rest.isEmpty {
            rows += try await lookAndNote(subject, rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return rows
    }

    private mutating func noteUnknown(_ name: String) {
        note(
            Finding(
                subject: "key \(keys.prefix)\(name)", kind: .unknown, fate: isRepairing ? .left : .found,
                isMendable: false, detail: "is none of Kefu's keys",
                remedy: "nothing here reads it: a newer version's, or to be deleted by whoever wrote it"))
    }
}

extension Inspection {
    /// One answer of a walking command.
    struct Page {
        var next: String
        var elements: [String]
    }

    private mutating func pages(_ commands: [[RedisArgument]]) async throws(StoreError) -> [Page] {
        let start = ContinuousClock.now
        let replies = await client.commands(commands.map { $0 + ["COUNT", .integer(Batch.page)] })
        await pace.paid(since: start)
        var pages: [Page] = []
        for reply in replies {
            let value: RESPValue
            do { value = try reply.get() } catch { throw StoreError(error) }
            if let error = value.error {
                // Of another type since its type was looked at: the next look tells.
                guard error.has(prefix: "WRONGTYPE") else { throw StoreError(error) }
                pages.append(Page(next: "0", elements: []))
                continue
            }
            guard let parts = value.array, parts.count == 2, let next = parts[0].text else {
                throw .defect("a page of a walk has another shape")
            }
            pages.append(Page(next: next, elements: (parts[1].array ?? []).compactMap(\.text)))
        }
        return pages
    }

    /// Members, or fields, come with their scores or values.
    private static func pairs(_ page: Page, of name: String) -> [InspectedPair] {
        stride(from: 0, to: page.elements.count, by: 2).map { InspectedPair(place: name, name: page.elements[$0]) }
    }
}
