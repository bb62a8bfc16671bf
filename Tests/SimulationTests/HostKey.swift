// SPDX-License-Identifier: Apache-2.0

import SSHCrypto

/// The simulated server's key, made by `ssh-keygen` for these tests and for nothing else.
let hostKey = Result { () throws -> PrivateKey in
    try PrivateKeyFile(Array(hostKeyText.utf8).span).privateKey()
}

private let hostKeyText = """
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
    QyNTUxOQAAACCld9DWXLSAcpQ4sLqCpVe06eulv1UwBhSJNvcaCTjkywAAAJDk92so5Pdr
    KAAAAAtzc2gtZWQyNTUxOQAAACCld9DWXLSAcpQ4sLqCpVe06eulv1UwBhSJNvcaCTjkyw
    AAAECsa0u8BdMPcOQe3zqCSVwaTNvWEWwj2mtYmq1EE4k3i6V30NZctIBylDiwuoKlV7Tp
    66W/VTAGFIk29xoJOOTLAAAACnNpbXVsYXRpb24BAgM=
    -----END OPENSSH PRIVATE KEY-----

    """
