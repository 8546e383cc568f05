#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the certificates of this example with openssl: for trying it out, not for a service that others use.
set -euo pipefail

if [[ $# -ne 1 || $1 == -* ]]; then
    echo "usage: certificates.sh FOLDER"
    echo "Makes two authorities (ca, clients-ca), the listener's certificates, those of the services, and a client's."
    exit $(($# != 1))
fi

days=30
mkdir -p "$1"
cd "$1"

authority() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days $days -subj "/CN=$1" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
        -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

certificate() { # AUTHORITY NAME SUBJECT ALTERNATIVE-NAMES USAGE
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "$3" -keyout "$2.key" -out "$2.csr" 2>/dev/null
    openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -days $days -out "$2.crt" 2>/dev/null -extfile - <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=$5
subjectAltName=$4
END
    rm "$2.csr"
}

authority ca
authority clients-ca
certificate ca shop /CN=shop.example DNS:shop.example serverAuth,clientAuth
certificate ca wildcard '/CN=*.shop.example' 'DNS:*.shop.example' serverAuth
certificate ca partners /CN=partners.example DNS:partners.example,URI:spiffe://shop.example/edge serverAuth
certificate ca primary /CN=primary DNS:primary.internal serverAuth
certificate ca candidate /CN=candidate DNS:candidate.internal serverAuth
certificate clients-ca client '/O=Partner, Inc./CN=client-1' \
    URI:spiffe://partner.example/client-1,DNS:client-1.partner.example clientAuth
chmod 600 ./*.key
