// How a task that waits comes back into the index: its entries are made from its record, as `receive` made them from
// the task that was sent.
import KefuCore

extension Inspection {
    /// What `rearm` says.
    enum Rearming: String {
        case armed, whole, moved, missing
    }

    /// Arms the task of a row anew if that is asked for.
    func rearmed(_ row: InspectedRow) async throws(StoreError) -> Finding {
        var finding = Finding(row, .task, prefix: keys.prefix, isRepairing: false)
        let reply: RESPValue
        do { reply = try await client.command("HGETALL", .string(keys.task(row.name))) } catch {
            throw StoreError(error)
        }
        var reader = try ReplyReader(reply)
        let record = reader.fields()
        let triggers: [Trigger]
        do { triggers = try Trigger.all(record: record) } catch {
            finding.fate = isRepairing ? .left : .found
            let flaw = "\(error.field ?? "trigger") \(error.detail)"
            finding.remedy = "its record does not say for what it waits (\(flaw)): cancel it and issue it anew"
            return finding
        }
        finding.isMendable = true
        guard isRepairing else { return finding }
        finding.fate = .mended
        if try await rearm(row.name, content: record["content"] ?? "", triggers) != .armed {
            finding.remedy = "nothing was left to do: it has moved on meanwhile"
        }
        return finding
    }

    /// Writes the entries of a task that still waits for these triggers, if its contents are those of the digest.
    func rearm(_ id: String, content: String, _ triggers: [Trigger]) async throws(StoreError) -> Rearming {
        var arguments: [RedisArgument] = [.string(keys.prefix), .string(id), .string(content)]
        for place in Armament.places(of: triggers) { arguments += [.string(place.name), .string(place.entry)] }
        let reply: RESPValue
        do {
            reply = try await client.run(scripts.rearm, keys: [keys.task(id)], arguments: arguments)
        } catch { throw StoreError(error) }
        var reader = try ReplyReader(reply)
        let word = try reader.string()
        guard let outcome = Rearming(rawValue: word) else { throw .defect("rearm answered \(word)") }
        return outcome
    }
}
