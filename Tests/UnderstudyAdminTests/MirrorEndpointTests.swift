// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `/mirrors` as an operator reads it, and the switch.

import Foundation
import TestSupport
import Testing
import UnderstudyCore

struct MirrorEndpointTests {
    private static func entry(
        _ route: String,
        _ mirror: String,
        inFlight: UInt64 = 0,
        _ outcomes: [(MirrorOutcome, UInt64)]
    ) -> MirroringStatus.Entry {
        var counts = MirrorCounts()
        counts.inFlight = inFlight
        for (outcome, count) in outcomes { counts[outcome] = count }
        counts.requests = counts.ended + inFlight
        return MirroringStatus.Entry(MirrorKey(route: route, mirror: mirror), counts)
    }

    private static func times(_ microseconds: UInt64...) -> HistogramSnapshot {
        let histogram = Histogram(.thousandths)
        for value in microseconds { histogram.record(value) }
        return histogram.current
    }

    /// Two mirrors of one route, and requests that named none.
    private static var status: MirroringStatus {
        var status = MirroringStatus()
        status.copies = .init(used: 3, most: 4096)
        status.bufferedBytes = .init(used: 1_572_864, most: 64 << 20)
        status.connections = .init(used: 7, most: 512)
        var candidate = entry("checkout", "candidate", inFlight: 3, [(.ok, 995), (.timeout, 1), (.sampledOut, 1)])
        candidate.primaryTime = times(250, 1_230, 45_100)
        candidate.mirrorTime = times(2)
        var next = entry("checkout", "next", [(.disabled, 2)])
        next.isEnabled = false
        status.entries = [candidate, next, entry("rest[0]", "", [])]
        status.clusters = ["candidate", "next"].map { .init($0, bufferedBytes: .init(used: 100, most: 32 << 20)) }
        status.clusters[1].isEnabled = false
        return status
    }

    private func server(_ status: MirroringStatus = status) -> FakeServer {
        var shown = FakeServer.Shown()
        shown.mirroring = status
        return FakeServer(shown)
    }

    // MARK: Text

    @Test func `the text tells the process, each route and mirror, and each cluster`() async throws {
        #expect(
            try await server().get("/mirrors").body == """
                mirrors are on: 3 of 4096 copies in flight, 1.5 of 64 MiB held, 7 of 512 connections

                                                                           primary ms     mirror ms
                route     mirror     state  requests  copied  flight   ok    p50  p99    p50    p99
                checkout  candidate  on         1000   99.9%       3  995    1.3   46  <0.01  <0.01
                    timeout 1, sampled_out 1
                checkout  next       off           2      0%       0    0      -    -      -      -
                    disabled 2
                rest[0]   -          on            0       -       0    0      -    -      -      -

                cluster    state            held
                candidate  on     <0.1 of 32 MiB
                next       off    <0.1 of 32 MiB

                """
        )
    }

    @Test func `without mirrors there is no table`() async throws {
        var status = MirroringStatus()
        status.isEnabled = false
        #expect(
            try await server(status).get("/mirrors").body == """
                mirrors are off: 0 of 0 copies in flight, 0 of 0 B held, 0 of 0 connections

                no route has a mirror

                """
        )
    }

    @Test func `two hundred rows with every outcome fit a terminal`() async throws {
        var status = Self.status
        status.entries = (0..<200).map { number in
            Self.entry("route-\(number)", "mirror", inFlight: 9, MirrorOutcome.allCases.map { ($0, 12_345) })
        }
        let lines = try await server(status).get("/mirrors").body.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 100 })
        #expect(lines.count { $0.hasPrefix("route-") } == 200)
        let notes = lines.flatMap { $0.split { " ,".contains($0) } }
        for outcome in MirrorOutcome.allCases where outcome != .ok {
            #expect(notes.count { $0 == "\(outcome.label)" } == 200, "\(outcome.label)")
        }
    }

    @Test func `names that are too long stand whole on a line of their own`() async throws {
        let long = String(repeating: "long-", count: 12)
        var status = Self.status
        status.entries = [Self.entry(long, "candidate", [(.ok, 5)]), Self.entry("a\u{1B}[31m\n", "b", [(.ok, 6)])]
        status.clusters = []
        let lines = try await server(status).get("/mirrors").body.split(separator: "\n").dropFirst(3)
        #expect(lines.first == "\(long)  candidate")
        #expect(lines.dropFirst().first?.split(separator: " ") == ["on", "5", "100%", "0", "5", "-", "-", "-", "-"])
        #expect(lines.last?.hasPrefix("a?[31m?  ") == true)
        #expect(lines.dropFirst().allSatisfy { $0.count <= 100 })
    }

    @Test(arguments: [
        (1, 1_000_000, "<0.1%"), (999_999, 1, "99.9%"), (1, 2, "33.3%"), (0, 5, "0%"), (5, 0, "100%"),
    ])
    func `a share is 0 or 100 only if it is so`(ok: UInt64, sampledOut: UInt64, text: String) async throws {
        var status = MirroringStatus()
        status.entries = [Self.entry("r", "m", [(.ok, ok), (.sampledOut, sampledOut)])]
        let lines = try await server(status).get("/mirrors").body.split(separator: "\n")
        #expect(lines[3].split(separator: " ")[4] == text)
    }

    // MARK: JSON

    @Test func `the JSON has every key at any time`() async throws {
        let answer = try await server().get("/mirrors?format=json")
        #expect(answer.value("content-type") == "application/json")
        let mirrors = try #require(try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
        #expect(Set(mirrors.keys) == ["enabled", "budgets", "clusters", "mirrors"])
        let entries = try #require(mirrors["mirrors"] as? [[String: Any]])
        #expect(entries.map { $0["mirror"] as? String } == ["candidate", "next", ""])
        for entry in entries {
            let outcomes = try #require(entry["outcomes"] as? [String: Int])
            #expect(outcomes.count == MirrorOutcome.allCases.count)
            let requests = try #require(entry["requests"] as? Int)
            let inFlight = try #require(entry["in_flight"] as? Int)
            #expect(outcomes.values.reduce(inFlight, +) == requests)
        }
    }

    @Test func `numbers of the JSON are those of the book`() async throws {
        let body = try await server().get("/mirrors?format=json&mirror=candidate").body
        let json = body.filter { $0 != "\n" && $0 != " " }
        #expect(
            json.hasPrefix(
                #"{"enabled":true,"budgets":{"copies":{"used":3,"max":4096},"#
                    + #""buffered_bytes":{"used":1572864,"max":67108864},"connections":{"used":7,"max":512}},"#
                    + #""clusters":[{"name":"candidate","enabled":true,"#
                    + #""buffered_bytes":{"used":100,"max":33554432}}],"mirrors":[{"route":"checkout","#
                    + #""mirror":"candidate","enabled":true,"requests":1000,"in_flight":3,"share_mirrored":0.999,"#
                    + #""outcomes":{"ok":995,"#
            )
        )
        #expect(
            json.hasSuffix(
                #""primary_ms":{"count":3,"p50":1.25,"p90":45.5,"p99":45.5},"#
                    + #""mirror_ms":{"count":1,"p50":0.002,"p90":0.002,"p99":0.002}}]}"#
            )
        )
        let unused = try await server().get("/mirrors?format=json&route=rest%5B0%5D").body
        #expect(unused.contains("\"share_mirrored\": null"))
        #expect(unused.contains("\"p99\": null"))
    }

    // MARK: Filters

    @Test(arguments: [
        ("mirror=next", ["next"]), ("route=checkout", ["candidate", "next"]),
        ("route=&mirror=", ["candidate", "next", ""]),
        ("route=checkout&mirror=candidate", ["candidate"]),
    ])
    func `only what is asked for is shown`(query: String, mirrors: [String]) async throws {
        let body = try await server().get("/mirrors?format=json&\(query)").body
        #expect(body.matches(of: /"mirror": "([^"]*)"/).map { String($0.1) } == mirrors)
    }

    @Test(arguments: [
        ("mirror=nxet", 404, "no mirror 'nxet'; accepted: candidate, next\n"),
        ("route=x%0Ay", 404, "no route 'x?y'; accepted: checkout, rest[0]\n"),
        ("route=rest%5B0%5D&mirror=next", 404, "no mirror 'next'; accepted: none\n"),
        ("format=xml", 400, "unknown value 'xml' of parameter format of /mirrors; accepted: text, json\n"),
        ("x=1", 400, "unknown parameter 'x' of /mirrors; accepted: route, mirror, format\n"),
    ])
    func `what is unknown is refused with what is known`(query: String, status: Int, text: String) async throws {
        let answer = try await server().get("/mirrors?\(query)")
        #expect(answer.status == status)
        #expect(answer.body == text)
    }

    // MARK: The switch

    @Test(arguments: [
        ("disable", "", "mirroring false all", "mirrors are off: 3 copies in flight run on\n"),
        ("disable?mirror=", "", "mirroring false all", "mirrors are off: 3 copies in flight run on\n"),
        ("disable", "mirror=next", "mirroring false next", "mirror next is off: no copy is in flight\n"),
        ("enable", "", "mirroring true all", "mirrors are on, but for those switched off by name: next\n"),
        ("enable?mirror=next", "", "mirroring true next", "mirror next is on\n"),
    ])
    func `the answer says what is off or on now, as often as it is asked for`(
        path: String,
        form: String,
        asked: String,
        text: String
    ) async throws {
        let server = self.server()
        let header = form.isEmpty ? "" : "content-type: application/x-www-form-urlencoded\r\n"
        for _ in 0..<2 {
            let answer = try await server.post("/mirrors/\(path)", headers: header, form)
            #expect(answer.status == 200)
            #expect(answer.body == text)
        }
        #expect(server.requests == [asked, asked])
    }

    @Test func `a single mirror can be switched on while all are off`() async throws {
        var status = Self.status
        status.entries[0].counts.inFlight = 1
        let server = self.server(status)
        #expect(try await server.post("/mirrors/disable").body == "mirrors are off: 1 copy in flight runs on\n")
        #expect(
            try await server.post("/mirrors/enable?mirror=next").body
                == "mirror next is on, but all are off: POST /mirrors/enable switches them on\n"
        )
        #expect(try await server.post("/mirrors/enable").body == "mirrors are on\n")
    }

    @Test func `an unknown mirror changes nothing, and at most 20 names are told`() async throws {
        var status = Self.status
        status.clusters = (10..<35).map { .init("c\($0)", bufferedBytes: .init(used: 0, most: 1)) }
        let answer = try await server(status).post("/mirrors/disable?mirror=nope")
        #expect(answer.status == 404)
        let names = (10..<30).map { "c\($0)" }.joined(separator: ", ")
        #expect(answer.body == "no mirror 'nope'; accepted: \(names), and 5 more\n")
    }

    @Test func `the help and the home page have all three`() async throws {
        let server = self.server()
        let help = try await server.get("/help").body
        #expect(help.contains("  /mirrors: what became of copies, by route and mirror\n      route: "))
        #expect(help.contains("  /mirrors/disable (POST): start no more copies; those in flight run on\n"))
        #expect(help.contains("  /mirrors/enable (POST): start copies again\n"))
        let page = try await server.get("/").body
        #expect(page.contains("<a href=\"/mirrors\">"))
        #expect(page.contains("<form method=\"post\" action=\"/mirrors/disable\">"))
    }
}
