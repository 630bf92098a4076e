import KefuCore
import Testing

@Suite struct ListTests {
    /// All pages of a walk; `between` runs after each page.
    private func walk(
        _ test: TestStore, _ query: ListQuery, between: (Int, String?) async throws -> Void = { _, _ in }
    ) async throws -> [String] {
        var query = query
        var seen: [String] = []
        var pages = 0
        repeat {
            let asked = query
            let step = try await test.step { try await $0.list(asked) }
            #expect(step.changes == "")
            #expect(step.answer.tasks.count <= query.limit)
            seen += step.answer.tasks.map(\.id)
            query.after = step.answer.next
            pages += 1
            try await between(pages, seen.last)
        } while query.after != nil
        return seen
    }

    /// Tasks of which each three were accepted in one millisecond; the first is the newest.
    private func tasksWithTies(_ test: TestStore, _ number: Int) async throws -> [String] {
        var ids: [(at: Int, id: String)] = []
        for index in 0..<number {
            try await test.at(Int64(index / 3))
            // Ids in no order of acceptance.
            let id = "T\((index * 7) % number)"
            try await test.accepted(.example(id))
            ids.append((index / 3, id))
        }
        return ids.sorted { ($1.at, $1.id) < ($0.at, $0.id) }.map(\.id)
    }

    private func query(_ limit: Int, _ change: (inout ListQuery) -> Void = { _ in }) -> ListQuery {
        var query = ListQuery()
        query.limit = limit
        change(&query)
        return query
    }

    @Test(arguments: ScriptCache.allCases, [1, 2, 3, 4, 9, 10, 50])
    func `A walk goes from the newest to the oldest, ties by id`(cache: ScriptCache, limit: Int) async throws {
        let test = try await TestStore(cache)
        let ids = try await tasksWithTies(test, 10)
        #expect(try await walk(test, query(limit)) == ids)
        #expect(try await walk(test, query(limit) { $0.customerID = "c1" }) == ids)
        #expect(try await walk(test, query(limit) { $0.customerID = "c2" }) == [])
    }

    @Test(arguments: ScriptCache.allCases)
    func `A walk sees each task once while others are accepted, issued anew and deleted`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        let ids = try await tasksWithTies(test, 12)
        var added = 0
        var gone: Set<String> = []
        let seen = try await walk(test, query(2)) { page, last in
            // Accepted at the very millisecond of the newest, before and behind it by id.
            for name in ["A", "Z"] {
                try await test.accepted(.example("\(name)\(added)"))
                added += 1
            }
            // The record at the cursor goes.
            if page <= 4, let last {
                gone.insert(last)
                if page == 2 {
                    _ = try await test.store.cancel(taskID: last, reason: nil)
                    try await test.accepted(.example(last))
                } else {
                    try await test.delete(last)
                }
            }
        }
        #expect(seen.filter { ids.contains($0) } == ids)
        #expect(Set(seen).count == seen.count)
        #expect(gone.count == 4)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Filters hold all at once`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        var special = NewTask.example("A", of: "c2", priority: .high)
        special.type = "file"
        special.createdBy = "ops"
        try await test.accepted(special, .example("B", priority: .high), .example("C", of: "c2"))
        try await test.held(.example("D", priority: .high))
        #expect(try await walk(test, query(50) { $0.priority = .high }) == ["D", "B", "A"])
        #expect(try await walk(test, query(50) { $0.type = "file" }) == ["A"])
        #expect(try await walk(test, query(50) { $0.createdBy = "ops" }) == ["A"])
        #expect(try await walk(test, query(50) { $0.createdBy = "op" }) == [])
        #expect(try await walk(test, query(50) { $0.status = .running }) == ["D"])
        #expect(try await walk(test, query(50) { $0.customerID = "c2" }) == ["C", "A"])
        let both = query(50) {
            $0.priority = .high
            $0.status = .waiting
            $0.customerID = "c1"
        }
        #expect(try await walk(test, both) == ["B"])
    }

    @Test(arguments: ScriptCache.allCases)
    func `A search looks into id, keywords and message, as plain text`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(
            .example("a-100%", message: "x"), .example("b", .keyword("退款"), message: "x"),
            .example("c", .reply("收到", "好的"), message: "x"), .example("d", message: "明天.见"))
        for (text, ids) in [
            ("100%", ["a-100%"]), ("退", ["b"]), ("好的", ["c"]), ("天.见", ["d"]), ("天见", []), (".", ["d"]),
            ("%d", []), ("x", ["c", "b", "a-100%"]), ("-", ["a-100%"]),
        ] {
            #expect(try await walk(test, query(50) { $0.text = text }) == ids, "\(text)")
        }
    }

    @Test(arguments: ScriptCache.allCases)
    func `A search looks into the customer's id and name`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        var named = NewTask.example("a", of: "wx_77")
        named.customer.name = "王小明"
        try await test.accepted(named, .example("b", of: "wx_78"))
        for (text, ids) in [("小明", ["a"]), ("wx_7", ["b", "a"]), ("x_78", ["b"]), ("大明", [])] {
            #expect(try await walk(test, query(50) { $0.text = text }) == ids, "\(text)")
        }
    }

    @Test(arguments: ScriptCache.allCases)
    func `A task asked for by its id is found at once, if the rest fits`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("a:b", priority: .high), .example("c"))
        let fitting: [(inout ListQuery) -> Void] = [
            { _ in }, { $0.customerID = "c1" }, { $0.status = .waiting }, { $0.priority = .high }, { $0.text = ":" },
        ]
        let others: [(inout ListQuery) -> Void] = [
            { $0.customerID = "c2" }, { $0.status = .failed }, { $0.priority = .urgent }, { $0.text = "x" },
            { $0.taskID = "none" },
        ]
        for (change, ids) in fitting.map({ ($0, ["a:b"]) }) + others.map({ ($0, []) }) {
            let page = try await test.store.list(
                query(1) {
                    $0.taskID = "a:b"
                    change(&$0)
                })
            #expect(page.tasks.map(\.id) == ids)
            #expect(page.next == nil)
        }
    }

    @Test(arguments: ScriptCache.allCases)
    func `One call looks at a thousand records at most, and says where to go on`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("needle", message: "needle"))
        try await test.at(1)
        let tasks = (0..<1_500).map { NewTask.example("T\($0)") }
        for result in await test.store.receive(tasks) { _ = try result.get() }
        let first = try await test.store.list(query(50) { $0.text = "needle" })
        #expect(first.tasks == [])
        #expect(first.next != nil)
        let second = try await test.store.list(
            query(50) {
                $0.text = "needle"
                $0.after = first.next
            })
        #expect(second.tasks.map(\.id) == ["needle"])
        #expect(second.next == nil)
        try await test.remove()
    }

    @Test(arguments: ScriptCache.allCases)
    func `A page of long tasks ends early, and the walk still sees each once`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let long = String(repeating: "好", count: 4_000)
        let tasks = (0..<200).map { NewTask.example("T\($0)", message: long) }
        for result in await test.store.receive(tasks) { _ = try result.get() }
        let first = try await test.store.list(query(500))
        // A mebibyte of texts, and the one that goes beyond it.
        #expect((80...90).contains(first.tasks.count))
        #expect(first.next != nil)
        #expect(Set(try await walk(test, query(500))) == Set(tasks.map(\.id)))
    }

    @Test(arguments: ScriptCache.allCases)
    func `A page that ends with the last record has no cursor`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("A"), .example("B"))
        let step = try await test.step { try await $0.list(query(2)) }
        #expect(step.answer.tasks.count == 2)
        #expect(step.answer.next == nil)
        let empty = try await TestStore(cache)
        #expect(try await empty.store.list(query(2)) == TaskPage(tasks: [], next: nil))
    }

    @Test(arguments: ScriptCache.allCases)
    func `A listed task shows the record's main fields`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        var task = NewTask.example("T1", .keyword("退款"), priority: .urgent)
        task.customer.name = "王小明"
        task.createdBy = "ops"
        try await test.accepted(task)
        let listed = try #require(try await test.step { try await $0.list(query(1)) }.answer.tasks.first)
        var full = try #require(try await test.store.status(taskID: "T1"))
        full.timeline = listed.timeline
        #expect(listed == full)
    }
}

extension TestStore {
    /// Deletes an unfired task of customer `c1` as retention would a finished one.
    func delete(_ id: String) async throws {
        let prefix = keys.prefix
        for key in ["created", "customer:c1", "timeouts"] { try await command("ZREM", prefix + key, id) }
        try await command("HDEL", prefix + "armed:c1:message", id)
        try await command("HINCRBY", prefix + "counts", "normal:customer_reply", "-1")
        try await command("UNLINK", prefix + "task:" + id)
    }
}
