// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing

/// What libcrypto can do here; on a machine of which no policy forbids anything, that is everything.
@Suite struct AvailabilityTests {
    @Test func anOrdinaryLibcryptoCanDoEverything() {
        #expect(HashAlgorithm.available == Set(HashAlgorithm.allCases))
        #expect(CipherAlgorithm.available == Set(CipherAlgorithm.allCases))
        #expect(MACAlgorithm.available == Set(MACAlgorithm.allCases))
        #expect(KeyAgreementAlgorithm.available == Set(KeyAgreementAlgorithm.allCases))
        #expect(SignatureAlgorithm.available == Set(SignatureAlgorithm.allCases))
    }

    @Test func whatIsWeakHasToBeAskedForByName() {
        #expect(!KeyAgreementAlgorithm.standard.contains { $0.rawValue.hasSuffix("sha1") })
        #expect(!SignatureAlgorithm.standard.contains(.rsaSHA1))
        #expect(!PublicKeyAlgorithm.standard.contains { $0.rawValue.hasPrefix("ssh-rsa") })
        #expect(KeyAgreementAlgorithm.standard.first?.isPostQuantum == true)
    }
}
