<#
The mechanical part of docs/windows-checklist.md, for Windows PowerShell 5.1 or later, as the user who installed Mainspring.

  powershell -ExecutionPolicy Bypass -File scripts\windows-check.ps1 STEP

  installed   what the installer left: files, shortcuts, registry, signature, fuses
  running     processes, their parent, who listens where, what their command lines show
  kill        ends the main process as the Task Manager does; nothing may be left after 5 seconds
  seal        the key store: no planted key in the data folder
  removed     nothing of the program is left after its removal

Ends with 0 when every check holds, else 1.
#>
param(
  [Parameter(Mandatory = $true)][ValidateSet('installed', 'running', 'kill', 'seal', 'removed')][string]$Step,
  [string]$Data = "$env:LOCALAPPDATA\Mainspring",
  [string]$Folder = "$env:LOCALAPPDATA\Programs\Mainspring",
  # With 'seal': the secret that was typed into the application before.
  [string]$Planted = ''
)
$ErrorActionPreference = 'Stop'
$script:Failed = 0

function Check([string]$What, [scriptblock]$Test) {
  try { $problem = & $Test } catch { $problem = $_.Exception.Message }
  if ($problem) { $script:Failed++; Write-Host "FAIL  $What" -ForegroundColor Red; $problem | ForEach-Object { Write-Host "      $_" } }
  else { Write-Host "ok    $What" -ForegroundColor Green }
}

$Program = Join-Path $Folder 'Mainspring.exe'
$RunKey = 'HKCU:\Software\Microsoft\Windows\CurrentVersion\Run'

# Every process of the program, the databases included: told by where its executable lies.
function Get-Own {
  $below = $Folder.TrimEnd('\') + '\'
  @(Get-CimInstance Win32_Process | Where-Object { $_.ExecutablePath -and $_.ExecutablePath.StartsWith($below, [StringComparison]::OrdinalIgnoreCase) })
}

# The main process: the one whose parent is not one of ours.
function Get-Main {
  $own = Get-Own
  $ids = $own.ProcessId
  $own | Where-Object { $_.Name -eq 'Mainspring.exe' -and $_.ParentProcessId -notin $ids } | Select-Object -First 1
}

# The fuse wire in Electron's executable: a known text, then version, count, and one digit for each fuse.
function Read-Fuses([string]$File) {
  $bytes = [IO.File]::ReadAllBytes($File)
  $text = [Text.Encoding]::GetEncoding(28591).GetString($bytes)
  $mark = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
  $at = $text.IndexOf($mark, [StringComparison]::Ordinal)
  if ($at -lt 0) { throw 'There is no fuse wire: this is not an Electron program' }
  $count = $bytes[$at + $mark.Length + 1]
  $text.Substring($at + $mark.Length + 2, $count)
}

function Test-Installed {
  Check 'the program is there' { if (-not (Test-Path $Program)) { "$Program is missing" } }
  Check 'the databases are there, with their VC runtime' {
    foreach ($name in 'postgres\bin\postgres.exe', 'redis\redis-server.exe', 'postgres\bin\VCRUNTIME140.dll', 'postgres\bin\VCRUNTIME140_1.dll', 'postgres\bin\MSVCP140.dll') {
      if (-not (Test-Path (Join-Path $Folder "resources\runtime\$name"))) { "resources\runtime\$name is missing" }
    }
  }
  Check 'postgres.exe can be loaded (its DLLs are found)' {
    $out = & (Join-Path $Folder 'resources\runtime\postgres\bin\postgres.exe') --version 2>&1
    if ($LASTEXITCODE -ne 0) { "exit $LASTEXITCODE $out" }
  }
  Check 'redis-server.exe can be loaded' {
    $out = & (Join-Path $Folder 'resources\runtime\redis\redis-server.exe') --version 2>&1
    if ($LASTEXITCODE -ne 0) { "exit $LASTEXITCODE $out" }
  }
  Check 'the fuses are as docs/security.md says' {
    # runAsNode, cookieEncryption, nodeOptions, inspect, asarIntegrity, onlyAsar, browserSnapshot, fileProtocol
    $wire = Read-Fuses $Program
    $names = 'runAsNode', 'cookieEncryption', 'nodeOptions', 'inspect', 'asarIntegrity', 'onlyLoadAppFromAsar', 'browserSnapshot', 'fileProtocolPrivileges'
    $wanted = '0', '1', '0', '0', '1', '1', '0', '0'
    for ($n = 0; $n -lt $wanted.Count; $n++) { if ($wire[$n] -ne $wanted[$n]) { "$($names[$n]) is $($wire[$n]), wanted $($wanted[$n])" } }
  }
  Check 'it does not run as a Node' {
    $env:ELECTRON_RUN_AS_NODE = '1'
    try {
      $probe = Start-Process $Program -ArgumentList '-e', '"process.exit(41)"' -PassThru
      if ($probe.WaitForExit(8000)) { if ($probe.ExitCode -eq 41) { 'the script ran: the fuse runAsNode is not off' } } else { & $Program --quit | Out-Null }
    } finally { Remove-Item Env:\ELECTRON_RUN_AS_NODE }
  }
  Check 'the start menu has it' { if (-not (Get-ChildItem "$env:APPDATA\Microsoft\Windows\Start Menu\Programs" -Recurse -Filter 'Mainspring*.lnk')) { 'no shortcut' } }
  Check 'Windows knows how to remove it, for this user alone' {
    $mine = Get-ChildItem 'HKCU:\Software\Microsoft\Windows\CurrentVersion\Uninstall' | Where-Object { $_.GetValue('DisplayName') -like 'Mainspring*' }
    if (-not $mine) { 'no entry below HKEY_CURRENT_USER' }
    $all = Get-ChildItem 'HKLM:\Software\Microsoft\Windows\CurrentVersion\Uninstall' -ErrorAction SilentlyContinue | Where-Object { $_.GetValue('DisplayName') -like 'Mainspring*' }
    if ($all) { 'an entry for the whole machine' }
  }
  Check 'it does not start with Windows unless asked' { if ((Get-Item $RunKey).GetValueNames() -like '*Mainspring*') { 'there is an entry in the Run key' } }
  Write-Host "note  signature: $((Get-AuthenticodeSignature $Program).Status)"
}

function Test-Running {
  $own = Get-Own
  Check 'the application runs, with its workers and both databases' {
    if (-not (Get-Main)) { 'no main process'; return }
    foreach ($name in 'postgres.exe', 'redis-server.exe') { if ($name -notin $own.Name) { "no $name" } }
    if (@($own | Where-Object { $_.CommandLine -match '--type=utility' -and $_.CommandLine -match 'node\.mojom\.NodeService' }).Count -lt 7) { 'fewer than seven workers (utility processes)' }
  }
  Check 'the page is sandboxed' {
    $page = @($own | Where-Object { $_.CommandLine -match '--type=renderer' })
    if ($page.Count -eq 0) { 'there is no page: open the window first' }
    if ($page | Where-Object { $_.CommandLine -match '--no-sandbox' }) { 'a page without sandbox' }
  }
  Check 'everything that listens does so on 127.0.0.1 alone' {
    $ids = $own.ProcessId
    $listening = Get-NetTCPConnection -State Listen | Where-Object { $_.OwningProcess -in $ids }
    if (-not $listening) { 'nothing listens' }
    $listening | Where-Object { $_.LocalAddress -ne '127.0.0.1' } | ForEach-Object { "$($_.LocalAddress):$($_.LocalPort) by process $($_.OwningProcess)" }
  }
  Check 'no port lies in a range that Windows keeps for itself' {
    $ids = $own.ProcessId
    $ranges = (netsh int ipv4 show excludedportrange protocol=tcp) | ForEach-Object { if ($_ -match '^\s*(\d+)\s+(\d+)') { , @([int]$Matches[1], [int]$Matches[2]) } }
    Get-NetTCPConnection -State Listen | Where-Object { $_.OwningProcess -in $ids } | ForEach-Object {
      $port = $_.LocalPort
      if ($ranges | Where-Object { $port -ge $_[0] -and $port -le $_[1] }) { "port $port" }
    }
  }
  Check 'no secret on a command line' { $own | Where-Object { $_.CommandLine -match 'PK[A-Z0-9]{16,}|AK[A-Z0-9]{16,}|password|[0-9a-f]{64}' } | ForEach-Object { "process $($_.ProcessId) $($_.Name)" } }
  Check 'the gateway refuses a stranger' {
    $ids = $own.ProcessId
    foreach ($connection in Get-NetTCPConnection -State Listen | Where-Object { $_.OwningProcess -in $ids }) {
      try {
        $answer = Invoke-WebRequest -UseBasicParsing -TimeoutSec 3 "http://127.0.0.1:$($connection.LocalPort)/api/positions"
        "port $($connection.LocalPort) answered $($answer.StatusCode)"
      } catch { continue }
    }
  }
}

function Test-Kill {
  $main = Get-Main
  $before = Get-Own
  Check 'the application runs' { if (-not $main -or 'postgres.exe' -notin $before.Name) { 'start it first, and wait until it runs' } }
  if ($script:Failed) { return }
  Stop-Process -Id $main.ProcessId -Force
  $deadline = (Get-Date).AddSeconds(5)
  while ((Get-Date) -lt $deadline -and (Get-Own)) { Start-Sleep -Milliseconds 200 }
  Check 'no process is left 5 seconds after the main process was ended' { Get-Own | ForEach-Object { "$($_.Name) (process $($_.ProcessId))" } }
  Write-Host 'next  start Mainspring again: it must come up by itself, without a question.'
}

function Test-Seal {
  Check 'a planted secret was named' { if ($Planted.Length -lt 8) { 'give the secret that you typed: -Planted TEXT' } }
  if ($script:Failed) { return }
  Check 'the secret is in no file of the data folder' {
    foreach ($file in Get-ChildItem $Data -Recurse -File -Force) {
      try {
        $stream = [IO.File]::Open($file.FullName, 'Open', 'Read', 'ReadWrite, Delete')
        try { $reader = New-Object IO.StreamReader($stream, [Text.Encoding]::GetEncoding(28591)); $text = $reader.ReadToEnd() } finally { $stream.Dispose() }
      } catch [IO.IOException] { continue }
      if ($text.Contains($Planted)) { $file.FullName }
      if ($text.Contains([Text.Encoding]::GetEncoding(28591).GetString([Text.Encoding]::Unicode.GetBytes($Planted)))) { "$($file.FullName) (UTF-16)" }
    }
  }
  Check 'the secret is on no command line' { Get-CimInstance Win32_Process | Where-Object { $_.ProcessId -ne $PID -and $_.CommandLine -and $_.CommandLine.Contains($Planted) } | ForEach-Object { "$($_.Name) (process $($_.ProcessId))" } }
  Check 'the keys are sealed' {
    $keys = Join-Path $Data 'keys.json'
    if (-not (Test-Path $keys)) { "$keys is missing" }
    elseif (-not (Select-String -Path $keys -Pattern '"sealedBy":\s*"system"' -Quiet)) { 'keys.json is not sealed by the system' }
  }
}

function Test-Removed {
  Check 'no process' { Get-Own | ForEach-Object { "$($_.Name) (process $($_.ProcessId))" } }
  Check 'no program folder' { if (Test-Path $Folder) { Get-ChildItem $Folder -Recurse -File | Select-Object -First 10 -ExpandProperty FullName } }
  Check 'no shortcut' {
    Get-ChildItem "$env:APPDATA\Microsoft\Windows\Start Menu\Programs" -Recurse -Filter 'Mainspring*.lnk' | ForEach-Object { $_.FullName }
    Get-ChildItem ([Environment]::GetFolderPath('Desktop')) -Filter 'Mainspring*.lnk' | ForEach-Object { $_.FullName }
  }
  Check 'no entry in the registry' {
    Get-ChildItem 'HKCU:\Software\Microsoft\Windows\CurrentVersion\Uninstall' | Where-Object { $_.GetValue('DisplayName') -like 'Mainspring*' } | ForEach-Object { $_.Name }
    (Get-Item $RunKey).GetValueNames() -like '*Mainspring*'
    # What starts the program when one of its notifications is clicked.
    $toast = 'HKCU:\Software\Classes\CLSID\{6B1D0C5E-3F7A-4E57-9C1B-2A9D4E8F7B36}'
    if (Test-Path -LiteralPath $toast) { $toast }
  }
  Write-Host "note  data: $(if (Test-Path $Data) { "kept in $Data" } else { 'gone' })"
}

switch ($Step) {
  'installed' { Test-Installed }
  'running' { Test-Running }
  'kill' { Test-Kill }
  'seal' { Test-Seal }
  'removed' { Test-Removed }
}
if ($script:Failed) { Write-Host "$($script:Failed) failed" -ForegroundColor Red; exit 1 }
Write-Host 'all hold' -ForegroundColor Green
