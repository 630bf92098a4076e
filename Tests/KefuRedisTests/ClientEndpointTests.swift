import KefuRedis
import Testing

@Suite struct ClientEndpointTests {
    @Test(arguments: [
        ("redis://localhost", RedisEndpoint(address: .tcp(host: "localhost", port: 6379))),
        ("redis://localhost/", RedisEndpoint(address: .tcp(host: "localhost", port: 6379))),
        ("REDIS://10.0.0.1:6380/3", RedisEndpoint(address: .tcp(host: "10.0.0.1", port: 6380), database: 3)),
        ("redis://[::1]:7000", RedisEndpoint(address: .tcp(host: "::1", port: 7000))),
        ("redis://[fe80::1%25eth0]", RedisEndpoint(address: .tcp(host: "fe80::1%eth0", port: 6379))),
        ("redis://:s%40c%2Fret@h", RedisEndpoint(address: .tcp(host: "h", port: 6379), password: "s@c/ret")),
        ("redis://u:p@@h", RedisEndpoint(address: .tcp(host: "h", port: 6379), user: "u", password: "p@")),
        (
            "redis://%E7%94%A8:p:q@h:1/0",
            RedisEndpoint(address: .tcp(host: "h", port: 1), user: "用", password: "p:q")
        ),
        (
            "rediss://u:p@h",
            RedisEndpoint(address: .tcp(host: "h", port: 6379), tls: .init(), user: "u", password: "p")
        ),
        ("unix:///run/redis/a@b.sock", RedisEndpoint(address: .unixSocket(path: "/run/redis/a@b.sock"))),
        (
            "unix://u:p@/tmp/my%20sock?db=5",
            RedisEndpoint(address: .unixSocket(path: "/tmp/my sock"), user: "u", password: "p", database: 5)
        ),
    ])
    func `A well-formed REDIS_URL is read`(url: String, expected: RedisEndpoint) throws {
        #expect(try RedisEndpoint(url: url) == expected)
    }

    @Test(arguments: [
        ("", "no scheme"), ("localhost:6379", "no scheme"), ("ftp://h", "unknown scheme ftp"),
        ("redis+sentinel://h", "no name of the primary"), ("redis+sentinel://h/", "no name of the primary"),
        ("redis+sentinel:///main", "no host"), ("redis+sentinel://h,/main", "no host"),
        ("redis+sentinel://h:0/main", "port '0'"), ("redis+sentinel://h/main/x", "database 'x'"),
        ("redis+sentinel://h/main/0/1", "too many '/'"), ("redis+sentinel://h/main#x", "no '#'"),
        ("redis+sentinel://u@h/main", "without a password"), ("redis+sentinel://h/main?db=1", "unknown parameter"),
        ("redis+sentinel://h/main?sentinel_tls=maybe", "unknown parameter or value"),
        ("redis+sentinel://h/main?sentinel_user=u", "without sentinel_password"),
        ("redis+sentinel://h/main?sentinel_password=", "without a value"),
        ("redis+sentinel://h/main?sentinel_tls=no&sentinel_tls=no", "parameter twice"),
        ("redis+sentinel://" + String(repeating: "h,", count: 16) + "h/main", "more than 16"),
        ("redis://", "no host"), ("redis://:6379", "no host"), ("redis://h:0", "port '0'"),
        ("redis://h:70000", "port '70000'"), ("redis://h:x", "port 'x'"), ("redis://h/x", "database 'x'"),
        ("redis://h/-1", "database '-1'"), ("redis://h?db=1", "no parameters"), ("redis://u@h", "without a password"),
        ("redis://u:@h", "empty password"), ("redis://[::1", "without ']'"), ("redis://[::1]x", "behind ']'"),
        ("redis://%zz", "hexadecimal"), ("redis://:%ff@h", "not UTF-8"), ("redis://h%00", "not UTF-8"),
        ("unix://relative.sock", "absolute path"), ("unix:///a?database=1", "unknown parameter"),
        ("unix:///" + String(repeating: "d", count: 107), "at most 107 bytes"),
    ])
    func `Anything else is refused with what is allowed`(url: String, complaint: String) {
        #expect {
            try RedisEndpoint(url: url)
        } throws: { error in
            "\(error)".contains(complaint)
        }
    }

    @Test(arguments: [
        "redis://u:canary@h:x", "redis://u:canary/1@h", "redis://u:canary?1@h", "redis://canary%zz:canary@h",
        "redis+sentinel://u:canary@h", "redis+sentinel://u:p@h/main?sentinel_password=canary&x=canary",
        "redis+sentinel://h/main?sentinel_pasword=canary", "redis+sentinel://h/main?sentinel_password=can@ary",
        "unix://u:canary@relative", "unix://u:ca/canary@/tmp/s", "rediss://:canary@h/x",
    ])
    func `No complaint shows a password`(url: String) {
        #expect {
            try RedisEndpoint(url: url)
        } throws: { error in
            !"\(error)".contains("canary")
        }
    }

    @Test(arguments: [
        ("redis+sentinel://h/main", SentinelGroup(hosts: [.init("h", 26379)], primary: "main"), nil as String?, 0),
        (
            "redis+sentinel://a:1,[::1],c:3/main/4",
            SentinelGroup(hosts: [.init("a", 1), .init("::1"), .init("c", 3)], primary: "main"), nil, 4
        ),
        (
            "redis+sentinel://:p%2C@a,b/%E4%B8%BB?sentinel_user=s%26&sentinel_password=x%3Dy=z",
            SentinelGroup(hosts: [.init("a"), .init("b")], primary: "主", user: "s&", password: "x=y=z"), "p,", 0
        ),
        (
            "redis+sentinel://h/main/?sentinel_tls=yes",
            SentinelGroup(hosts: [.init("h")], primary: "main", tls: .init(caPath: "/ca")), nil, 0
        ),
    ])
    func `The sentinels of a REDIS_URL are read`(
        url: String, group: SentinelGroup, password: String?, database: Int
    ) throws {
        let endpoint = try RedisEndpoint(url: url, caPath: "/ca")
        #expect(
            endpoint == RedisEndpoint(address: .sentinels(group), password: password, database: database))
        var both = group
        both.tls = .init(caPath: "/ca")
        let secure = try RedisEndpoint(url: url.replacing("redis+", with: "rediss+"), caPath: "/ca")
        #expect(secure.tls == .init(caPath: "/ca") && secure.address == .sentinels(both))
    }

    @Test func `TLS can be spoken with the servers and not with their sentinels`() throws {
        let endpoint = try RedisEndpoint(url: "rediss+sentinel://h/main?sentinel_tls=no")
        #expect(endpoint.tls == .init())
        #expect(endpoint.address == .sentinels(SentinelGroup(hosts: [.init("h")], primary: "main")))
    }

    @Test func `The description for logs hides the password and reads as a URL`() throws {
        #expect("\(try RedisEndpoint(url: "rediss://u:canary@[::1]:1/2"))" == "rediss://u:***@[::1]:1/2")
        #expect("\(try RedisEndpoint(url: "unix://:canary@/s?db=2"))" == "unix://:***@/s?db=2")
        #expect(
            "\(try RedisEndpoint(url: "redis+sentinel://u:canary@a,[::1]:7/m/2?sentinel_password=canary"))"
                == "redis+sentinel://u:***@a:26379,[::1]:7/m/2?sentinel_password=***")
        #expect("\(try RedisEndpoint(url: "redis://h"))" == "redis://h:6379/0")
    }
}
