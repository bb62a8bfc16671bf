// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import Testing

/// The hosts that files name.
@Suite struct HostNamesTests {
    @Test func findsNamesThatAreNoPatterns() {
        let text = """
            # Host comment
            Host one two *.example !not
              HostName real.example
            host = "three" one
            Match host four
            Hostname five
            """
        #expect(HostNames.inConfiguration(text) == ["one", "two", "three"])
    }

    @Test func findsKnownHostsThatAreNotHashed() {
        let text = """
            a.example,10.0.0.1 ssh-ed25519 AAAA
            |1|c2FsdA==|aGFzaA== ssh-ed25519 AAAA
            @revoked b.example ssh-ed25519 AAAA
            [c.example]:2222 ssh-ed25519 AAAA
            # d.example
            a.example ssh-rsa AAAA
            *.e.example ssh-rsa AAAA
            fe80::1 ssh-rsa AAAA
            """
        #expect(HostNames.inKnownHosts(text) == ["a.example", "10.0.0.1"])
    }
}
