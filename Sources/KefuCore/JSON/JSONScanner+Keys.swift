// Keys: short, ASCII but where a sender's own words stand, and each only once in its object. Compared as bytes,
// after escapes.
extension JSONScanner {
    /// Up to so many members, comparing each with each is the fastest.
    private static let pairwiseMembers = 16

    /// Reads a key. The answer is whether its value is free in its keys.
    mutating func scanKey() throws(InputError) -> Bool {
        let offset = at
        try scanString(.key)
        let index = nodes.count - 1
        // A key's node is always followed by its value: its `next` keeps where it stands, for errors.
        nodes[index].next = UInt32(offset)
        return try withKey(nodes[index]) { (key) throws(InputError) in
            guard key.count <= JSONReader.maxKeyBytes else {
                throw Self.error("a key is longer than \(JSONReader.maxKeyBytes) bytes", at: offset)
            }
            if freedDepth == 0, key.contains(where: { $0 >= 0x80 }) {
                throw Self.error("a key is not ASCII", at: offset)
            }
            return JSONReader.freeKeyMembers.contains { $0.matches(key) }
        }
    }

    func refuseDuplicateKeys(of object: Int, members: Int) throws(InputError) {
        if members > Self.pairwiseMembers { return try refuseDuplicateKeysHashed(of: object, members: members) }
        var index = object + 1
        for member in 0..<members {
            var earlier = object + 1
            for _ in 0..<member {
                if isSameKey(nodes[earlier], nodes[index]) { throw duplicate(nodes[index]) }
                earlier = Int(nodes[earlier + 1].next)
            }
            index = Int(nodes[index + 1].next)
        }
    }

    /// Open addressing, at most half full; the hash is seeded per process, so a sender cannot make keys collide.
    private func refuseDuplicateKeysHashed(of object: Int, members: Int) throws(InputError) {
        let slots = 1 << (Int.bitWidth - (members * 2 - 1).leadingZeroBitCount)
        // The hash's upper half before the index: most keys are told apart without a look at their bytes.
        var table = ContiguousArray<UInt64>(repeating: 0, count: slots)
        var index = object + 1
        for _ in 0..<members {
            let hash = withKey(nodes[index]) { seededHash($0) }
            let entry = hash & ~0xFFFF_FFFF | UInt64(index)
            var slot = Int(truncatingIfNeeded: hash) & (slots - 1)
            while table[slot] != 0 {
                let other = table[slot]
                if (other ^ entry) >> 32 == 0, isSameKey(nodes[Int(other & 0xFFFF_FFFF)], nodes[index]) {
                    throw duplicate(nodes[index])
                }
                slot = (slot + 1) & (slots - 1)
            }
            table[slot] = entry
            index = Int(nodes[index + 1].next)
        }
    }

    private func seededHash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(key))
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    private func duplicate(_ key: JSONNode) -> InputError {
        Self.error("duplicate key", at: Int(key.next))
    }

    private func isSameKey(_ one: JSONNode, _ other: JSONNode) -> Bool {
        guard one.end - one.start == other.end - other.start else { return false }
        return withKey(one) { one in withKey(other) { other in one.elementsEqual(other) } }
    }

    private func withKey<Value, Failure>(
        _ node: JSONNode, _ use: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let (start, length) = (Int(node.start), Int(node.end - node.start))
        guard node.isDecoded else { return try use(UnsafeBufferPointer(start: source + start, count: length)) }
        return try decoded.withUnsafeBufferPointer { (decoded) throws(Failure) in
            try use(UnsafeBufferPointer(rebasing: decoded[start..<start + length]))
        }
    }
}
