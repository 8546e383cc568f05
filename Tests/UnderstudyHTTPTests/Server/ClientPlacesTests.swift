// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The share of descriptors that clients have.

import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

@Suite struct ClientPlacesTests {
    @Test func `whoever waits is called once when a client leaves`() {
        let places = ClientPlaces(2)
        let calls = Counter()
        places.take()
        #expect(!places.isFull)
        places.take()
        #expect(places.isFull)
        places.wait { calls.add() }
        places.wait { calls.add() }
        #expect(calls.current == 0)
        places.free()
        #expect(calls.current == 2)
        places.free()
        #expect(calls.current == 2)
        #expect(places.current == 0)
    }

    @Test func `whoever waits for what is there is called at once`() {
        let places = ClientPlaces(1)
        let calls = Counter()
        places.wait { calls.add() }
        #expect(calls.current == 1)
    }

    @Test func `there is always one place`() {
        #expect(ClientPlaces(0).maximum == 1)
    }
}
