; The uninstaller: removes what was installed and nothing else; data only when asked to.

!define DATA_FOLDER "$LOCALAPPDATA\${PRODUCT_NAME}"
!define PROFILE_FOLDER "$APPDATA\${PRODUCT_NAME}"

Var isDataDeleted   ; "1" when the person, or /DELETEDATA, wants the data gone
Var dataCheckbox

Function un.onInit
  SetShellVarContext current
  !insertmacro HasFlag "un." "--updated" $isUpdate
  !insertmacro HasFlag "un." "/DELETEDATA" $isDataDeleted
  ; An installer that moves the program calls us and holds the mutex itself.
  ${If} $isUpdate != "1"
    !insertmacro TakeMutex "un."
  ${EndIf}
FunctionEnd

Function un.askPage
  !insertmacro MUI_HEADER_TEXT "Remove ${PRODUCT_NAME}" "Your orders at the broker are not touched."
  nsDialogs::Create 1018
  Pop $R0
  ${NSD_CreateLabel} 0 0 100% 24u "${PRODUCT_NAME} is removed from $INSTDIR."
  Pop $R0
  ${NSD_CreateCheckbox} 0 34u 100% 12u "Delete my data as well"
  Pop $dataCheckbox
  ${If} $isDataDeleted == "1"
    ${NSD_Check} $dataCheckbox
  ${EndIf}
  ${NSD_CreateLabel} 12u 50u 95% 48u "Your data is in ${DATA_FOLDER}: orders, fills, strategies, settings, sealed broker keys and backups. Deleted, it cannot be brought back. Kept, a new installation goes on where you stopped. A data folder that you chose elsewhere is never deleted."
  Pop $R0
  nsDialogs::Show
FunctionEnd

Function un.askPageLeave
  ${NSD_GetState} $dataCheckbox $R0
  ${If} $R0 = ${BST_CHECKED}
    StrCpy $isDataDeleted "1"
  ${Else}
    StrCpy $isDataDeleted "0"
  ${EndIf}
FunctionEnd

; Deletes $R8 with everything in it, unless it is a link to some other place itself.
Function un.deleteDataFolder
  ${IfNot} ${FileExists} "$R8\*.*"
    Return
  ${EndIf}
  System::Call 'kernel32::GetFileAttributesW(w R8)i.R0'
  IntOp $R0 $R0 & ${FILE_ATTRIBUTE_REPARSE_POINT}
  ${If} $R0 <> 0
    DetailPrint "$R8 is a link to another place and stays"
    Return
  ${EndIf}
  Call un.deleteTree
FunctionEnd

!macro RemoveFile relative
  Delete "$INSTDIR\${relative}"
!macroend
!macro RemoveFolder relative
  RMDir "$INSTDIR\${relative}"
!macroend

Section "Uninstall"
  SetRegView 64
  Call un.ensureStopped
  SetOutPath "$TEMP"
  !insertmacro ForEachFile RemoveFile
  !insertmacro ForEachFolderDeepestFirst RemoveFolder
  !insertmacro DeleteTree "un." "${INCOMING}"
  !insertmacro DeleteTree "un." "${OUTGOING}"
  ${If} $isUpdate != "1"
    Call un.removeTraces
  ${EndIf}
  Delete "$INSTDIR\${UNINSTALLER}"
  RMDir "$INSTDIR"
SectionEnd

Function un.removeTraces
  Delete "$SMPROGRAMS\${PRODUCT_NAME}.lnk"
  Delete "$DESKTOP\${PRODUCT_NAME}.lnk"
  DeleteRegKey HKCU "${KEY_UNINSTALL}"
  DeleteRegKey HKCU "${KEY_APP}"
  ; "Start with Windows", as the program itself writes it; Electron's name for it is the AppUserModelID.
  DeleteRegValue HKCU "${KEY_RUN}" "${APP_ID}"
  DeleteRegValue HKCU "${KEY_RUN_APPROVED}" "${APP_ID}"
  DeleteRegValue HKCU "${KEY_RUN}" "${PRODUCT_NAME}"
  DeleteRegValue HKCU "${KEY_RUN_APPROVED}" "${PRODUCT_NAME}"
  DeleteRegKey HKCU "Software\Classes\CLSID\${TOAST_ACTIVATOR}"
  ; Downloaded updates are no data.
  !insertmacro DeleteTree "un." "$LOCALAPPDATA\${APP_PACKAGE_NAME}-updater"
  ${If} $isDataDeleted == "1"
    StrCpy $R8 "${DATA_FOLDER}"
    Call un.deleteDataFolder
    StrCpy $R8 "${PROFILE_FOLDER}"
    Call un.deleteDataFolder
  ${EndIf}
FunctionEnd
