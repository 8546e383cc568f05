// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a mirror policy changes in its copy, as Envoy 1.40 did.

import TestSupport
import Testing
import UnderstudyCore

struct HeaderMutationTests {
    private func append(_ name: String, _ value: String, _ action: HeaderAddition.Action) throws -> HeaderMutation {
        .append(HeaderAddition(name: name, value: try FormatString(value), action: action))
    }

    private func mutated(_ mutations: [HeaderMutation]) -> (lines: [String], canBeSent: Bool) {
        var head = RequestHead("GET /p", ["host: h:81", "a: 1", "b: 2", "a: 3", "user-agent: ua"])
        var facts = ExchangeFacts()
        facts.clusterName = Array("up".utf8)
        let canBeSent = head.apply(mutations, facts: facts)
        return (head.headers.texts, canBeSent)
    }

    @Test func `mutations are applied one by one, each to what the one before left`() throws {
        let mutations = try [
            append("a", "9", .overwriteIfExistsOrAdd), append("z", "%REQ(a)%", .appendIfExistsOrAdd),
            append("n", "8", .addIfAbsent), append("n", "7", .addIfAbsent), append("e", "", .appendIfExistsOrAdd),
            append("o", "9", .overwriteIfExists),
        ]
        #expect(mutated(mutations).lines == ["host: h:81", "b: 2", "user-agent: ua", "a: 9", "z: 9", "n: 8"])
    }

    @Test func `lines are removed by name in any case and by match`() {
        #expect(mutated([.remove("A"), .remove("none")]).lines == ["host: h:81", "b: 2", "user-agent: ua"])
        let exact = StringMatcher(.exact("A"), ignoresCase: true)
        #expect(mutated([.removeMatching(exact)]).lines == ["host: h:81", "b: 2", "user-agent: ua"])
        #expect(mutated([.removeMatching(StringMatcher(.prefix("user-")))]).lines.last == "a: 3")
    }

    @Test(arguments: ["host", "Host", ":authority"])
    func `removing the host leaves an empty one in its place`(name: String) {
        let result = mutated([.remove(name)])
        #expect(result.lines == ["host: ", "a: 1", "b: 2", "a: 3", "user-agent: ua"])
        #expect(result.canBeSent)
    }

    @Test func `a mirror without host gets the suffix alone`() {
        var head = RequestHead("GET /", ["host: h:81"])
        head.apply([.remove("host")], facts: ExchangeFacts())
        head.becomeMirror(host: .suffixed, localAddress: Array("127.0.0.1".utf8))
        #expect(head.hostText == "-shadow")
    }

    @Test func `a mirror without host and suffix has no Host line`() {
        var head = RequestHead("GET /", ["host: h:81", "a: 1"])
        head.apply([.remove(":authority")], facts: ExchangeFacts())
        var literal = head
        head.becomeMirror(host: .unchanged, localAddress: Array("127.0.0.1".utf8))
        #expect(head.headers.texts == ["a: 1", "x-envoy-internal: true", "x-forwarded-for: 127.0.0.1"])
        #expect(head.host.isEmpty)
        literal.becomeMirror(host: .literal(Array("there".utf8)), localAddress: [])
        #expect(literal.hostText == "there")
    }

    @Test func `an empty Host that the client sent stays a line`() {
        var head = RequestHead("GET /", ["host: "])
        head.becomeMirror(host: .unchanged, localAddress: [])
        #expect(head.headers.texts.first == "host: ")
    }

    @Test func `the Host is matched under its name in HTTP/2`() {
        #expect(mutated([.removeMatching(StringMatcher(.exact("host")))]).lines.first == "host: h:81")
        #expect(mutated([.removeMatching(StringMatcher(.exact(":authority")))]).lines.first == "host: ")
    }

    @Test(arguments: [HeaderMutation.remove(":path"), .remove(":METHOD"), .removeMatching(StringMatcher(.prefix(":")))])
    func `a copy that loses its path or method cannot be sent`(mutation: HeaderMutation) {
        #expect(!mutated([mutation]).canBeSent)
    }

    @Test func `a copy that loses its length is sent in chunks`() {
        var head = RequestHead("POST /", ["host: h", "content-length: 3", "content-type: t"])
        head.framing = .length(3)
        head.apply([.removeMatching(StringMatcher(.prefix("content-")))], facts: ExchangeFacts())
        #expect(head.headers.texts == ["host: h"])
        #expect(head.framing == .chunked)
    }

    // MARK: What may be configured

    private func fault(_ name: String, _ value: String = "x") -> FormatFault? {
        HeaderAddition.fault(name: name, value: value)
    }

    @Test(arguments: [":path", ":authority", "host", "Host"])
    func `pseudo headers and the host may not be changed`(name: String) {
        #expect(fault(name) == FormatFault(.invalid, ":-prefixed or host headers may not be modified"))
        let removal = FormatFault(.invalid, ":-prefixed or host headers may not be removed")
        #expect(HeaderOperations.fault(removing: name) == removal)
        #expect(HeaderMutation.fault(removing: name) == nil)
    }

    @Test(arguments: ["a b", "a:b", "a\tb", "é", "a\"", "a(b", "a/b"])
    func `a name that is no token is refused, though Envoy would write it`(name: String) {
        #expect(fault(name)?.kind == .invalid)
        #expect(HeaderOperations.fault(removing: name) == nil)
    }

    @Test func `lengths and line ends are limited as in Envoy`() {
        let long = String(repeating: "x", count: 16_385)
        let pattern = FormatFault(.invalid, #"value does not match regex pattern "^[^\x00\n\r]*$""#)
        let tooLong = FormatFault(.invalid, "value length must be at most 16384 bytes")
        #expect(fault("") == FormatFault(.invalid, "value length must be at least 1 characters"))
        #expect(fault(long) == tooLong)
        #expect(fault("a", long) == tooLong)
        #expect(fault(String(long.dropLast()), String(long.dropLast())) == nil)
        for text in ["a\n", "a\r", "a\0"] {
            #expect(fault(text) == pattern)
            #expect(fault("a", text) == pattern)
            #expect(HeaderOperations.fault(removing: text) == pattern)
            #expect(HeaderMutation.fault(removing: text) == pattern)
        }
        #expect(fault("a", "\u{1}")?.kind == .invalid)
        #expect(fault("a", "é\t") == nil)
        #expect(fault("X-A", "") == nil)
    }

    @Test(arguments: ["content-length", "Transfer-Encoding"])
    func `what frames a message may not be added`(name: String) {
        #expect(fault(name)?.kind == .unsupported)
        #expect(HeaderOperations.fault(removing: name) == nil)
    }
}
