// SPDX-License-Identifier: Apache-2.0

/// The numbers of an RSA private key (RFC 8017 section 3.2, second form).
struct RSAPrivateNumbers {
    let exponent: BigNumber
    let p: BigNumber
    let q: BigNumber
    let exponentModuloP: BigNumber
    let exponentModuloQ: BigNumber
    /// The inverse of q modulo p.
    let coefficient: BigNumber

    /// Completes what OpenSSH's key files hold.
    ///
    /// - Precondition: p and q are greater than one.
    init(exponent: BigNumber, p: BigNumber, q: BigNumber, coefficient: BigNumber) {
        self.exponent = exponent
        self.p = p
        self.q = q
        self.coefficient = coefficient
        exponentModuloP = exponent.moduloPredecessor(of: p)
        exponentModuloQ = exponent.moduloPredecessor(of: q)
    }
}
