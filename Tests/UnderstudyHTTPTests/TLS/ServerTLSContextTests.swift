// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which certificates and keys are taken, and how a bad one is told of.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ServerTLSContextTests {
    private func inline(_ text: String) -> TLSSource { .inline(Array(text.utf8)) }

    private func configuration(_ identity: TestIdentity, _ change: (inout DownstreamTLS) -> Void = { _ in })
        -> DownstreamTLS
    {
        var tls = DownstreamTLS()
        var source = TLSIdentity(chain: inline(identity.certificate), key: inline(identity.key))
        source.place = "envoy.yaml:3:1: listeners[0]"
        tls.identities = [source]
        change(&tls)
        return tls
    }

    private func fault(_ tls: DownstreamTLS) -> TLSFault? {
        do throws(TLSFault) {
            _ = try ServerTLSContext(tls, counters: TLSCounters())
            return nil
        } catch {
            return error
        }
    }

    @Test func `a certificate and its key make a context`() throws {
        let authority = try TestAuthority()
        #expect(fault(configuration(try authority.issue())) == nil)
    }

    @Test func `a certificate that has expired is refused with its time`() throws {
        let identity = try TestAuthority().issue(.init { $0.until = -60 })
        let fault = try #require(self.fault(configuration(identity)))
        #expect(fault.place == "envoy.yaml:3:1: listeners[0]" && fault.file == "<inline>")
        #expect(fault.reason.hasPrefix("the certificate has expired at 20"))
    }

    @Test func `a certificate that is not valid yet is refused with its time`() throws {
        let identity = try TestAuthority().issue(.init { $0.from = 3600 })
        let fault = try #require(self.fault(configuration(identity)))
        #expect(fault.reason.hasPrefix("the certificate is not valid before 20"))
    }

    @Test func `another certificate's key is refused`() throws {
        let authority = try TestAuthority()
        let (one, other) = (try authority.issue(), try authority.issue())
        let tls = configuration(one) { $0.identities[0].key = self.inline(other.key) }
        #expect(fault(tls)?.reason == "the key is not that of the certificate in <inline>")
    }

    /// Whether there was something new; `nil` if it could not be used.
    private func refresh(_ context: ServerTLSContext) -> Bool? {
        do throws(TLSFault) {
            return try context.refresh()
        } catch {
            return nil
        }
    }

    private func fingerprint(_ context: ServerTLSContext) -> [UInt8]? { context.certificates[0].own?.fingerprint256 }

    @Test func `a file that has changed is used, and a bad one is not`() async throws {
        let authority = try TestAuthority()
        let (one, other) = (try authority.issue(), try authority.issue())
        try await Folder.with { folder in
            let chain = TLSSource.file(try folder.write("tls.crt", one.certificate))
            let key = TLSSource.file(try folder.write("tls.key", one.key))
            var tls = DownstreamTLS()
            tls.identities = [TLSIdentity(chain: chain, key: key)]
            let counters = TLSCounters()
            let context = try ServerTLSContext(tls, counters: counters)
            let first = fingerprint(context)
            #expect(refresh(context) == false)

            _ = try folder.write("tls.crt", other.certificate)
            // Two looks have to see the same; half of a pair does not fit.
            #expect(refresh(context) == false)
            #expect(refresh(context) == nil)
            #expect(fingerprint(context) == first)
            #expect(counters.reloadFailures.current == 1)

            _ = try folder.write("tls.key", other.key)
            #expect(refresh(context) == false)
            #expect(refresh(context) == true)
            #expect(fingerprint(context) != first)
            #expect(counters.reloads.current == 1)
        }
    }
}
