import KefuCore

/// What keeps Redis from serving, told from the reason of a failure. For people who have no business with addresses,
/// and for programs, which need one word.
enum RedisTrouble: String, CaseIterable {
    case unreachable, silent, loading, busy, replica
    case unknownPrimary = "unknown_primary"
    case noSentinel = "no_sentinel"
    case wrongServer = "wrong_server"
    case certificate
    case refused
    case diskFailing = "disk_failing"
    case full
    case database

    /// - Parameter reason: of a ``RedisClientError``, or an error reply of Redis.
    init(_ reason: String) {
        self = Self.signs.first { sign in sign.words.contains { reason.contains($0) } }?.trouble ?? .unreachable
    }

    /// The first that fits is meant: a sentinel's refusal holds the words of a server's.
    private static let signs: [(trouble: RedisTrouble, words: [String])] = [
        (.unknownPrimary, ["know no primary named"]),
        (.noSentinel, ["no sentinel tells the primary"]),
        (.wrongServer, ["is a sentinel", "protocol error"]),
        (.replica, ["is a replica", "READONLY", "MASTERDOWN", "name another primary"]),
        (.refused, ["signing in was refused", "NOAUTH", "WRONGPASS", "NOPERM", "ROLE was refused"]),
        (.loading, ["LOADING"]), (.diskFailing, ["MISCONF"]), (.full, ["OOM"]), (.busy, ["BUSY"]),
        (.database, ["SELECT was refused"]),
        (.certificate, ["CERTIFICATE", "certificate", "failedToValidateHostname", "handshakeFailed", "SSL"]),
        (.silent, ["no reply within", "connectTimeout"]),
    ]

    var explanation: StoreTrouble {
        // For whoever asks from outside there is no difference between no answer and a late one.
        let word = self == .silent ? Self.unreachable.rawValue : rawValue
        return StoreTrouble(word: word, message: sentences.chinese, detail: sentences.english)
    }

    /// What an operator does about it.
    fileprivate var advice: String {
        switch self {
        case .unreachable, .wrongServer: "start Redis, or correct REDIS_URL"
        case .silent: "look whether Redis is overloaded or frozen, and at firewalls"
        case .loading, .busy: "wait"
        case .replica: "REDIS_URL must lead to the primary; with sentinels, wait for the fail-over to end"
        case .unknownPrimary: "correct the name in REDIS_URL: redis-cli -p 26379 SENTINEL MASTERS shows it"
        case .noSentinel: "start the sentinels, or correct REDIS_URL: hosts, sentinel_password, sentinel_tls"
        case .certificate: "correct KEFU_REDIS_CA or the name in REDIS_URL: it must stand in the certificate"
        case .refused: "correct user and password in REDIS_URL, and give the user the rights that the README lists"
        case .database: "correct the database in REDIS_URL"
        case .diskFailing: "look at Redis's log and its disk"
        case .full: "raise maxmemory"
        }
    }

    private var sentences: (english: String, chinese: String) {
        switch self {
        case .unreachable: ("Redis cannot be reached", "连不上 Redis")
        case .silent: ("Redis does not answer in time", "Redis 没有及时响应")
        case .loading: ("Redis is loading its data", "Redis 正在载入数据")
        case .busy: ("Redis is busy with a script", "Redis 正忙于执行脚本")
        case .replica: ("Redis is a replica and takes no writes; a primary is needed", "Redis 是只读副本，需要主节点")
        case .unknownPrimary:
            ("the sentinels know no primary of the name in REDIS_URL", "哨兵不认识 REDIS_URL 里的主节点名称")
        case .noSentinel: ("no sentinel tells where the primary is", "没有哨兵能给出主节点的地址")
        case .wrongServer: ("what answers is no Redis that stores data", "对方不是存放数据的 Redis")
        case .certificate: ("the TLS handshake with Redis fails; see the log", "与 Redis 的 TLS 握手失败，详见日志")
        case .refused:
            ("Redis refuses the user or the password of REDIS_URL, or the user lacks rights", "Redis 拒绝了用户或密码，或用户的权限不够")
        case .diskFailing: ("Redis cannot write to its disk and refuses writes", "Redis 无法写盘，拒绝写入")
        case .full: ("Redis is out of memory", "Redis 内存已满")
        case .database: ("Redis has no database of the number in REDIS_URL", "Redis 没有 REDIS_URL 里的数据库")
        }
    }
}

extension RedisClientError {
    /// English: what to do about it.
    package var advice: String { RedisTrouble(reason).advice }
}
